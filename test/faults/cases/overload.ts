import { setTimeout } from "node:timers/promises"
import { details } from "../../support/people.ts"
import { now } from "../Ask.ts"
import { startCrowd } from "../Crowd.ts"
import { type Figure, msOf, no500, none, type Result, statusesOf, times, toldWhen } from "../Figures.ts"
import type { Size, World } from "../World.ts"
import { warm } from "./Outage.ts"

const clients = 500

const questions = [
  { path: "/guilds", user: 1 },
  { path: "/guilds", user: 1, method: "POST", body: details }
] as const

interface Trouble {
  readonly what: string
  /** Resolves when PostgreSQL serves as before. */
  readonly run: (world: World, seconds: number) => Promise<void>
}

const exhausted: Trouble = {
  what: "pool exhausted by a lock",
  run: async ({ postgres }, seconds) => {
    await postgres.query(`do $$ begin lock table guilds in access exclusive mode; perform pg_sleep(${seconds}); end $$`)
  }
}

const slowed: Trouble = {
  what: "every answer of PostgreSQL late by 5 s",
  run: async ({ postgres }, seconds) => {
    postgres.gate.disturb({ latency: 5000 })
    await setTimeout(seconds * 1000)
    postgres.gate.open()
  }
}

/** 500 clients on one replica, while PostgreSQL is in trouble and some seconds after. */
const measure = async (world: World, { what, run }: Trouble, seconds: number, afterRefusal: "told" | number) => {
  await world.calm()
  const { port } = world.replicas[0]
  const crowd = await startCrowd({ port, clients, questions, pause: 2000, afterRefusal })
  const liveness = await startCrowd({ port, clients: 1, questions: [{ path: "/health" }], pause: 10 })
  await setTimeout(2500)
  const since = now()
  await run(world, seconds)
  const until = now()
  await setTimeout(5000)
  const alive = (await liveness.end()).filter(({ at }) => at > since)
  const answers = await crowd.end()
  // What was answered within a moment of the beginning was asked before it.
  const during = answers.filter(({ at }) => at > since + 200 && at <= until)
  const failed = answers.filter(({ at, status }) => at > until && status >= 400)
  const last = Math.max(0, ...failed.map(({ at }) => at - until))
  const suffix = `${what}, refused clients come again ${afterRefusal === "told" ? "when told" : `after ${afterRefusal} ms`}`
  const figures: ReadonlyArray<Figure> = [
    times(`answers, ${suffix}`, msOf(during), { p99: 2000 }),
    times(`last failure after its cause, ${suffix}`, [last], { worst: 3000 }),
    times(`liveness, ${suffix}`, msOf(alive), { p99: 50 }),
    none(`liveness not 200, ${suffix}`, alive.length, alive.filter(({ status }) => status !== 200).length),
    none(`no answer, ${suffix}`, answers.length, answers.filter(({ status }) => status === 0).length)
  ]
  return { answers, figures }
}

export const overload = async (world: World, { short }: Size): Promise<Result> => {
  const seconds = short ? 4 : 15
  const plans: ReadonlyArray<"told" | number> = short ? ["told"] : ["told", 0]
  const measured: Array<Awaited<ReturnType<typeof measure>>> = []
  await warm(world)
  for (const trouble of [exhausted, slowed])
    for (const afterRefusal of plans) measured.push(await measure(world, trouble, seconds, afterRefusal))
  const answers = measured.flatMap((one) => one.answers)
  return {
    title: "PostgreSQL slow and the pool exhausted",
    load: `${clients} clients on one replica, who read and found guilds, ${seconds} s each`,
    statuses: statusesOf(answers),
    figures: [...measured.flatMap(({ figures }) => figures), no500(answers), toldWhen(answers)]
  }
}
