import { quantile } from "../../bench/Client.ts"
import { type ChildProcess, spawn } from "node:child_process"
import { setTimeout } from "node:timers/promises"
import { no500, none, type Result, statusesOf, times } from "../Figures.ts"
import { until } from "../Load.ts"
import { roundsOf, type Size, type World } from "../World.ts"
import { verdictsOf, writeLoad } from "./Outage.ts"

/** SIGTERM: what was accepted is answered. */
export const terminated = async (world: World, size: Size): Promise<Result> => {
  const rounds = roundsOf(size, 50, 3)
  const load = writeLoad(world, 12, 10)
  const lostBefore = world.balancer.lost()
  const ends: Array<number> = []
  const codes: Array<unknown> = []
  await setTimeout(1000)
  for (let round = 0; round < rounds; round += 1) {
    const replica = world.replicas[round % 2]!
    const since = performance.now()
    codes.push(await replica.end("SIGTERM"))
    ends.push(performance.now() - since)
    await replica.start()
    await replica.answered("/health/ready")
    const seen = load.told.length
    await until(() => load.told.length > seen + 40)
  }
  const answers = await load.end()
  return {
    title: "SIGTERM under load",
    load: `12 people who write and sign in through the balancer, ${rounds} times one of the two replicas`,
    statuses: statusesOf(answers),
    figures: [
      none("accepted requests lost", answers.length, world.balancer.lost() - lostBefore),
      none(
        "answers other than 2xx",
        answers.length,
        answers.filter(({ status }) => status < 200 || status > 299).length
      ),
      none("exit codes other than 0", rounds, codes.filter((code) => code !== 0).length),
      times("from the signal to the exit", ends, { worst: 10_000 }),
      no500(answers),
      ...(await verdictsOf(load.ledger, world))
    ]
  }
}

const busy = (count: number) =>
  Array.from({ length: count }, () => spawn(process.execPath, ["-e", "for (;;) {}"], { stdio: "ignore" }))

const killRounds = async (world: World, rounds: number) => {
  const starts: Array<number> = []
  const refused: Array<number> = []
  for (let round = 0; round < rounds; round += 1) {
    const replica = world.replicas[round % 2]!
    await replica.end("SIGKILL")
    starts.push(await replica.start())
    await replica.answered("/health/ready")
    refused.push(await replica.refused())
    await setTimeout(300 * Math.random())
  }
  // Two seconds, or on a slower machine so many times what it takes there to load the code and to refuse.
  const worst = Math.max(
    2000,
    Math.ceil(
      4 *
        quantile(
          refused.toSorted((one, other) => one - other),
          0.5
        )
    )
  )
  return { starts, figure: times("from the start of the process to its first answer", starts, { worst }) }
}

/** SIGKILL in the middle of writes, and the start that follows. */
export const killed = async (world: World, size: Size): Promise<Result> => {
  const rounds = roundsOf(size, 200, 4)
  const load = writeLoad(world, 8, 10)
  await setTimeout(500)
  const { figure } = await killRounds(world, rounds)
  const answers = await load.end()
  return {
    title: "SIGKILL under write load",
    load: `8 people who write and sign in through the balancer, ${rounds} kills of one of the two replicas in turn`,
    statuses: statusesOf(answers),
    figures: [...(await verdictsOf(load.ledger, world)), figure, no500(answers)]
  }
}

/** A start has its share of two cores, beside two processes that take all they get. */
export const crowdedStart = async (world: World, size: Size): Promise<Result> => {
  const others: ReadonlyArray<ChildProcess> = busy(2)
  const { starts, figure } = await killRounds(world, roundsOf(size, 20, 4)).finally(() =>
    others.forEach((one) => one.kill("SIGKILL"))
  )
  return {
    title: "A start after SIGKILL on a busy machine",
    load: `${starts.length} kills of one of the two replicas in turn, beside two processes that only compute`,
    statuses: {},
    figures: [figure]
  }
}
