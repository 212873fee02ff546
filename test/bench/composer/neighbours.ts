import { execFileSync, spawn } from "node:child_process"
import { constants, setPriority } from "node:os"
import { setTimeout } from "node:timers/promises"
import { parseArgs } from "node:util"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { closedLoop, openLoop, quantile } from "../Client.ts"
import { idOf, tokensOf } from "../Data.ts"
import { root } from "../Kinds.ts"
import { cores, load, machine, memoryOf } from "../Machine.ts"
import { prepare, type RouteName } from "../Routes.ts"
import { startServers } from "../Servers.ts"
import { startSubject, type Subject } from "../Subjects.ts"
import { plainTable, type Row } from "../Summary.ts"

/*
 * `node test/bench/composer/neighbours.ts`: what other requests wait while the bundle composes two raids of 25 of 120
 * characters, beside what they wait without it, and while a process that has nothing to do with it only counts at the
 * same priority, in turns. The server has two cores, or one to itself with its thread.
 */

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "200" },
    requests: { type: "string", default: "1000" },
    rounds: { type: "string", default: "7" }
  }
})
const [rate, requests, rounds] = [Number(values.rate), Number(values.requests), Number(values.rounds)]

const officer = 1
const { session, csrf } = tokensOf(officer)
const headers = { cookie: `session=${session}; csrf=${csrf}`, "x-csrf-token": csrf, "content-type": "application/json" }

const ask = async ({ port }: Subject, method: string, path: string, body?: object) => {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, { method, headers, ...sent })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return JSON.parse(text)
}

/** Begins compositions one after the other for as long as it is wanted, each for as long as it may be. */
const composing = async (subject: Subject, plan: string) => {
  const ended = new AbortController()
  const one = async () => {
    const { composition } = await ask(subject, "POST", `/plans/${plan}/compose`, { seconds: 60 })
    const path = `/plans/${plan}/compositions/${composition.id}`
    const isLive = async () => (await ask(subject, "GET", path)).composition.finished_at === null
    // Asked seldom: the answers are read in the process that measures.
    while (!ended.signal.aborted && (await isLive())) await setTimeout(2000)
    await ask(subject, "DELETE", path)
  }
  const all = (async () => {
    while (!ended.signal.aborted) await one()
  })()
  // The thread is up, and at work.
  await setTimeout(1500)
  return async () => {
    ended.abort()
    await all
  }
}

/** A process that takes what others leave of a processor: what it costs them is the machine's and its kernel's. */
const counting = async () => {
  const child = spawn(process.execPath, ["-e", "for (;;) {}"], { stdio: "ignore" })
  setPriority(child.pid!, constants.priority.PRIORITY_LOW)
  await setTimeout(1500)
  return async () => {
    child.kill("SIGKILL")
  }
}

const kinds = ["alone", "composing", "counting"] as const

const median = (all: ReadonlyArray<number>) => quantile(all.toSorted(), 0.5)

const run = Effect.gen(function* () {
  execFileSync("npm", ["run", "build"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] })
  const servers = yield* startServers
  const subject = yield* startSubject("bundle", servers.variables, servers.folder)
  const rows: Array<Row> = [
    [
      "server has",
      "route",
      ...kinds.map((kind) => `p50 ${kind}`),
      ...kinds.map((kind) => `p99 ${kind}`),
      "times alone",
      "load"
    ]
  ]
  yield* Effect.promise(async () => {
    const raids = [25, 25].map((size) => ({ title: `Raid of ${size}`, size }))
    const { plan } = await ask(subject, "POST", `/guilds/${idOf("guild", 1)}/plans`, { title: "Composed", raids })
    for (const list of [`${cores.server},${cores.others}`, `${cores.server}`]) {
      execFileSync("taskset", ["-acp", list, String(subject.pid)], { stdio: "ignore" })
      for (const route of ["session", "roster", "plan"] satisfies ReadonlyArray<RouteName>) {
        const prepared = prepare("bundle", route)
        await closedLoop(subject.port, prepared, 2000)
        const took = new Map<string, Array<readonly [p50: number, p99: number]>>(kinds.map((kind) => [kind, []]))
        for (let round = 0; round < rounds; round++)
          for (const kind of kinds) {
            const end =
              kind === "alone" ? undefined : await (kind === "counting" ? counting() : composing(subject, plan.id))
            const { latencies } = await openLoop(subject.port, prepared, requests, rate)
            await end?.()
            took.get(kind)!.push([quantile(latencies, 0.5), quantile(latencies, 0.99)])
          }
        const [p50, p99] = [0, 1].map((at) => kinds.map((kind) => median(took.get(kind)!.map((one) => one[at]!))))
        const [alone = 0, ...others] = p99!
        rows.push([
          list.length > 1 ? "two cores" : "one core",
          route,
          ...[...p50!, ...p99!].map((ms) => ms.toFixed(2)),
          others.map((ms) => (ms / alone).toFixed(2)).join(" and "),
          load()
        ])
      }
    }
  })
  const { peak } = memoryOf(subject.pid)
  process.stdout.write(
    `${machine()}\n${servers.versions}, ${rate} requests a second, medians of ${rounds} rounds of ${requests}\n` +
      `${plainTable(rows)}\nThe process took at most ${peak.toFixed(0)} MB.\n`
  )
})

NodeRuntime.runMain(Effect.scoped(run))
