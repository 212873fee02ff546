import { setTimeout } from "node:timers/promises"
import { Redacted } from "effect"
import { characterOf } from "../../bench/Data.ts"
import { details } from "../../support/people.ts"
import { ask, type Answer } from "../Ask.ts"
import { startCrowd } from "../Crowd.ts"
import { type Figure, msOf, none, type Result, statusesOf, times } from "../Figures.ts"
import { until } from "../Load.ts"
import type { Size, World } from "../World.ts"
import { warm } from "./Outage.ts"

interface Trouble {
  readonly what: string
  readonly begin: (world: World) => unknown
  readonly end: (world: World) => unknown
  /** Whether Redis counts meanwhile, so that a refresh may be served. */
  readonly serves?: boolean
}

const disturbed = (what: string, fault: Parameters<World["redis"]["gate"]["disturb"]>[0]): Trouble => ({
  what,
  begin: ({ redis }) => redis.gate.disturb(fault),
  end: ({ redis }) => redis.gate.open()
})

const troubles: ReadonlyArray<Trouble> = [
  { what: "stopped", begin: ({ redis }) => redis.stop(), end: ({ redis }) => redis.start() },
  { what: "black-holed", begin: ({ redis }) => redis.gate.silence(), end: ({ redis }) => redis.gate.open() },
  {
    what: "frozen",
    begin: async ({ redis }) => {
      frozen = await redis.pid()
      process.kill(frozen, "SIGSTOP")
    },
    end: () => process.kill(frozen, "SIGCONT")
  },
  disturbed("late by 3 s", { latency: 3000 }),
  disturbed("garbage for answers", { answers: "garbage" }),
  disturbed("answers cut in half", { answers: "truncated" }),
  disturbed("resets for answers", { answers: "reset" }),
  {
    what: "with another password",
    begin: async ({ redis }) => {
      await redis.protect(Redacted.make("other"))
      redis.gate.shut()
      redis.gate.open()
    },
    end: ({ redis }) => redis.protect()
  },
  {
    what: "full",
    begin: ({ redis }) => redis.command("CONFIG", "SET", "maxmemory", "1"),
    end: ({ redis }) => redis.command("CONFIG", "SET", "maxmemory", "0")
  },
  { what: "flushed", begin: ({ redis }) => redis.command("FLUSHALL"), end: () => {}, serves: true }
]

let frozen = 0

const questions = [
  { path: "/auth/session", user: 100 },
  { path: "/guilds", user: 100 },
  { path: "/guilds", user: 100, method: "POST", body: details },
  { path: "/auth/discord/url" }
] as const

const refresh = (port: number): Promise<Answer> =>
  ask(port, { method: "POST", path: `/characters/${characterOf(1, 1)}/warcraftlogs/refresh`, user: 1 })

const warnings = (log: string) =>
  log.split("\n").filter((line) => /"(level|logLevel)":"?(WARN|ERROR)/i.test(line)).length

const measure = async (world: World, { what, begin, end, serves = false }: Trouble, seconds: number) => {
  await world.calm()
  const replica = world.replicas[0]
  const { port } = replica
  const crowd = (length: number) =>
    startCrowd({ port, clients: 8, questions, pause: 20 }).then(async (one) => {
      await setTimeout(length)
      return one
    })
  const before = await (await crowd(seconds * 1000)).end()
  const logged = replica.output().length
  const during = await startCrowd({ port, clients: 8, questions, pause: 20 })
  await begin(world)
  await setTimeout(500)
  const refused = serves ? undefined : await refresh(port)
  await setTimeout(seconds * 1000)
  await end(world)
  const healthy = () => ask(port, { path: "/health/redis", timeout: 3000 })
  const back = await until(async () => (await healthy()).status === 200, 30_000, "Redis in /health/redis")
  const answers = await during.end()
  const bad = answers.filter(({ status }) => status === 0 || status >= 500)
  const normal = times("", msOf(before), {}).p99!
  const figures: ReadonlyArray<Figure> = [
    times(`${what}: answers (p99 before: ${normal.toFixed(1)} ms)`, msOf(answers), { p99: Math.ceil(normal + 50) }),
    none(`${what}: answers 5xx`, answers.length, bad.length),
    ...(refused === undefined ? [] : [none(`${what}: refresh other than 503`, 1, +(refused.status !== 503))]),
    times(`${what}: until /health/redis says that it is back`, [back], { worst: 1000 }),
    none(`${what}: more than 20 warnings`, 1, +(warnings(replica.output().slice(logged)) > 20))
  ]
  return { answers, figures }
}

export const redisTroubles = async (world: World, { short }: Size): Promise<Result> => {
  const measured: Array<Awaited<ReturnType<typeof measure>>> = []
  await warm(world)
  for (const trouble of troubles) measured.push(await measure(world, trouble, short ? 0.7 : 3))
  const answers = measured.flatMap((one) => one.answers)
  return {
    title: "Redis in trouble",
    load: "8 clients of one replica, who read, found guilds and begin to sign in, before and during each trouble",
    statuses: statusesOf(answers),
    figures: measured.flatMap(({ figures }) => figures)
  }
}
