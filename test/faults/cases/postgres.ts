import { setTimeout } from "node:timers/promises"
import { no500, msOf, none, type Result, statusesOf, times, toldWhen } from "../Figures.ts"
import { roundsOf, type Size, type World } from "../World.ts"
import { outage, type Recovery, verdictsOf, watchLiveness, writeLoad } from "./Outage.ts"

const recoveries = (all: ReadonlyArray<Recovery>, what: string) => [
  times(
    `first good answer after ${what}`,
    all.map(({ first }) => first),
    { worst: 2000 }
  ),
  times(
    `last bad answer after ${what}`,
    all.map(({ all }) => all),
    { worst: 5000 }
  )
]

/** PostgreSQL is away in some way, several times, and data routes say so. */
const away = async (
  world: World,
  rounds: number,
  take: () => Promise<unknown>,
  bring: () => Promise<unknown>,
  holdMs: number
) => {
  const liveness = await watchLiveness(world)
  const load = writeLoad(world)
  await setTimeout(1000)
  const outages: Array<Awaited<ReturnType<typeof outage>>> = []
  for (let round = 0; round < rounds; round += 1) outages.push(await outage(load.told, take, bring, holdMs))
  const answers = await load.end()
  const alive = await liveness()
  const during = answers.filter(({ at }) => outages.some(({ from, back }) => at > from + 300 && at <= back))
  const others = during.filter(({ status }) => status !== 503)
  return {
    load: `8 people who write and sign in through the balancer, ${rounds} outages of ${holdMs / 1000} s`,
    statuses: statusesOf(answers),
    figures: [
      times("answers while it is away", msOf(during), { p99: 2000 }),
      none("answers other than 503 while it is away", during.length, others.length),
      none("liveness not 200", alive.length, alive.filter(({ status }) => status !== 200).length),
      times("liveness", msOf(alive), {}),
      ...recoveries(outages, "its return"),
      no500(answers),
      toldWhen(answers),
      ...(await verdictsOf(load.ledger, world))
    ]
  }
}

export const stopped = async (world: World, size: Size): Promise<Result> => ({
  title: "PostgreSQL stopped, and back",
  ...(await away(world, roundsOf(size, 8, 2), () => world.postgres.stop("fast"), world.postgres.start, 3000))
})

export const silent = async (world: World, size: Size): Promise<Result> => {
  const { gate } = world.postgres
  const rounds = roundsOf(size, 8, 2)
  const take = async () => gate.silence()
  const bring = async () => gate.open()
  // What is asked in the first moments was answered by connections that still worked.
  const result = await away(world, rounds, take, bring, 4000)
  return { title: "PostgreSQL black-holed", ...result }
}

/** Restarts and killed connections under load. */
export const restarted = async (world: World, size: Size): Promise<Result> => {
  const rounds = roundsOf(size, 50, 3)
  const load = writeLoad(world)
  const kill = () =>
    world.postgres.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name ~ '^raid-'")
  const restarts: Array<Recovery> = []
  const kills: Array<Recovery> = []
  for (let round = 0; round < rounds; round += 1) {
    restarts.push(await outage(load.told, () => world.postgres.stop("fast"), world.postgres.start, 0))
    kills.push(await outage(load.told, kill, async () => {}, 0))
  }
  const answers = await load.end()
  return {
    title: "PostgreSQL restarted, and its connections killed, under load",
    load: `8 people who write and sign in through the balancer, ${rounds} restarts and as many kills of all connections`,
    statuses: statusesOf(answers),
    figures: [
      ...recoveries(restarts, "a restart"),
      ...recoveries(kills, "a kill of all connections"),
      no500(answers),
      ...(await verdictsOf(load.ledger, world))
    ]
  }
}

/** Crashes: the next start recovers from the log. */
export const crashed = async (world: World, size: Size): Promise<Result> => {
  const rounds = roundsOf(size, 50, 2)
  const load = writeLoad(world)
  const crashes: Array<Recovery> = []
  for (let round = 0; round < rounds; round += 1)
    crashes.push(await outage(load.told, () => world.postgres.stop("immediate"), world.postgres.start, 0))
  const answers = await load.end()
  return {
    title: "PostgreSQL crashed under load",
    load: `8 people who write and sign in through the balancer, ${rounds} immediate stops`,
    statuses: statusesOf(answers),
    figures: [...recoveries(crashes, "a crash"), no500(answers), ...(await verdictsOf(load.ledger, world))]
  }
}
