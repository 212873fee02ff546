import { connect } from "node:net"
import { setTimeout } from "node:timers/promises"
import { characterOf, raiders } from "../../bench/Data.ts"
import { ask } from "../Ask.ts"
import { startCrowd } from "../Crowd.ts"
import { msOf, none, type Result, statusesOf, times } from "../Figures.ts"
import { until } from "../Load.ts"
import type { Size, World } from "../World.ts"
import { warm } from "./Outage.ts"

const questions = [
  { path: "/auth/session", user: 200 },
  { path: "/guilds", user: 200 }
] as const

const ordinary = async <A>(port: number, run: () => Promise<A>) => {
  const crowd = await startCrowd({ port, clients: 8, questions, pause: 10 })
  const result = await run()
  return { answers: await crowd.end(), result }
}

const p99Of = (answers: Parameters<typeof msOf>[0]) => times("", msOf(answers), {}).p99!

const callers = 200

const refresh = (port: number, user: number, character: string) =>
  ask(port, { method: "POST", path: `/characters/${character}/warcraftlogs/refresh`, user })

/** A crowd, not a volley: two hundred requests in one instant delay each other, whatever they ask for. */
const refreshAll = (port: number, as: (owner: number) => number) =>
  Promise.all(
    Array.from({ length: callers }, async (_, n) => {
      const owner = 1 + (n % raiders)
      const character = characterOf(owner, 1 + (Math.floor(n / raiders) % 3))
      await setTimeout(n * 10)
      return refresh(port, as(owner), character)
    })
  )

/**
 * A provider that never answers, and 200 who wait for it. Any two hundred requests take their share of a busy machine, so
 * other routes are compared with what they are while as many are refused before the provider is asked.
 */
export const hanging = async (world: World, { short }: Size): Promise<Result> => {
  const { port } = world.replicas[0]
  await warm(world)
  // Callers wait for up to 6 s: a short run, which is for what is lost, has more quiet time in its p99 than in what it is of.
  const length = short ? 3000 : 8000
  const strangers = () => refreshAll(port, (owner) => 2000 + owner)
  await Promise.all([strangers(), refresh(port, 1, characterOf(1, 1))])
  const alone = await ordinary(port, () => setTimeout(length))
  const before = await ordinary(port, () => Promise.all([strangers(), setTimeout(length)]))
  world.warcraftlogs.fault({ kind: "hang" })
  const during = await ordinary(port, async () => {
    const [answers] = await Promise.all([refreshAll(port, (owner) => owner), setTimeout(length)])
    return { answers, next: await refresh(port, 2, characterOf(2, 1)) }
  })
  const { answers, next } = during.result
  const refused = before.result[0]
  const normal = p99Of(before.answers)
  const limit = Math.max(normal * 1.2, normal + 10)
  return {
    title: "A provider that hangs",
    load: `${callers} people refresh characters of Warcraft Logs, which never answers, while 8 clients read`,
    statuses: statusesOf([...answers, ...during.answers]),
    figures: [
      times("callers of the provider", msOf(answers), { worst: 6000 }),
      none("callers answered other than 503", callers, answers.filter(({ status }) => status !== 503).length),
      times("the next caller, whom the open circuit refuses", [next.ms], { worst: 100 }),
      none("strangers not refused", callers, refused.filter(({ status }) => status !== 403 && status !== 404).length),
      times("other routes alone", msOf(alone.answers), {}),
      times("other routes while strangers ask", msOf(before.answers), {}),
      times("other routes, p99 at most 1.2 times that, or 10 ms more", msOf(during.answers), { p99: Math.ceil(limit) }),
      none("other routes not 200", during.answers.length, during.answers.filter(({ status }) => status !== 200).length)
    ]
  }
}

/** Connections that send a header a second and never finish. */
export const slowConnections = async (world: World, { short }: Size): Promise<Result> => {
  const { port } = world.replicas[0]
  const count = 1000
  await warm(world)
  const length = short ? 3000 : 10_000
  const before = await ordinary(port, () => setTimeout(length))
  let opened = 0
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(port, "127.0.0.1", () => {
      opened += 1
      socket.write("POST /api/v1/guilds HTTP/1.1\r\nhost: api\r\n")
    })
    return socket.on("error", () => {})
  })
  await until(() => opened === count, 20_000, "a thousand connections")
  const drip = setInterval(() => sockets.forEach((socket) => socket.writable && socket.write("x-slow: 1\r\n")), 1000)
  const during = await ordinary(port, () => setTimeout(length))
  clearInterval(drip)
  sockets.forEach((socket) => socket.destroy())
  const normal = p99Of(before.answers)
  return {
    title: "A thousand slow connections",
    load: `${count} connections that send a header a second, while 8 clients read`,
    statuses: statusesOf(during.answers),
    figures: [
      times("requests before", msOf(before.answers), {}),
      times("requests, p99 at most 1.5 times that, or 10 ms more", msOf(during.answers), {
        p99: Math.ceil(Math.max(normal * 1.5, normal + 10))
      }),
      none("requests not 200", during.answers.length, during.answers.filter(({ status }) => status !== 200).length)
    ]
  }
}
