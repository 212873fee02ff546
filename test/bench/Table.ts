import { Effect } from "effect"
import { closedLoop } from "./Client.ts"
import { compare } from "./Compare.ts"
import { load, memoryOf } from "./Machine.ts"
import type { Options } from "./Options.ts"
import { writeReport } from "./Report.ts"
import { answers, prepare, routes } from "./Routes.ts"
import { measure } from "./Sample.ts"
import { startServers } from "./Servers.ts"
import { startSubject } from "./Subjects.ts"
import { figures, type Measured, memories, plainTable, ratios, type Results } from "./Summary.ts"

const say = (line: string) => process.stdout.write(`${line}\n`)

/** Another first each round, so that none is always the one after a pause. */
const rotated = <A>(all: ReadonlyArray<A>, by: number) => [
  ...all.slice(by % all.length),
  ...all.slice(0, by % all.length)
]

/** All servers side by side: each route, each round, each of them in turn. */
export const table = Effect.fnUntraced(function* (options: Options) {
  const loadBefore = load()
  const servers = yield* startServers
  say(`${servers.versions}; load average ${loadBefore}`)
  const statements = yield* compare(options.kinds, options.routes, servers)
  say("All answer alike.")
  const asked = options.kinds.filter((kind) => options.routes.some((route) => answers(kind, route)))
  const subjects = yield* Effect.forEach(asked, (kind) => startSubject(kind, servers.variables, servers.folder))
  const idle = new Map(subjects.map(({ kind, pid }) => [kind, memoryOf(pid).rss]))
  const results: Results = new Map()
  yield* Effect.promise(async () => {
    // Code that runs for the first time is compiled on the way; nobody's users wait for that all day.
    for (const subject of subjects) {
      for (const route of options.routes.filter((route) => answers(subject.kind, route)))
        await closedLoop(subject.port, prepare(subject.kind, route), Math.min(options.requests, 4000))
    }
    for (let round = 0; round < options.rounds; round++) {
      for (const route of options.routes) {
        for (const subject of rotated(subjects, round)) {
          if (!answers(subject.kind, route)) continue
          const sample = await measure(subject, route, options.requests, servers)
          const key = `${subject.kind} ${route}` as const
          results.set(key, [...(results.get(key) ?? []), sample])
        }
        say(`round ${round + 1} of ${options.rounds}: ${routes[route].title}, load ${load()}`)
      }
    }
  })
  const memory = subjects.map(({ kind, pid, startMs }) => ({
    kind,
    startMs,
    idle: idle.get(kind) ?? Number.NaN,
    ...memoryOf(pid)
  }))
  const measured: Measured = { kinds: asked, routes: options.routes, results, statements, memory }
  const loadAfter = load()
  say(`\n${[ratios(measured), figures(measured), memories(measured)].map(plainTable).join("\n\n")}`)
  say(`\nLoad average before and after: ${loadBefore}, ${loadAfter}`)
  if (options.report) {
    const { rounds, requests } = options
    say(`Written: ${writeReport(measured, { versions: servers.versions, rounds, requests, loadBefore, loadAfter })}`)
  }
})
