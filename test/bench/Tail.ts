import { Effect } from "effect"
import { closedLoop, FellBehind, openLoop } from "./Client.ts"
import { kinds } from "./Kinds.ts"
import { load } from "./Machine.ts"
import type { Options } from "./Options.ts"
import { answers, prepare, routes } from "./Routes.ts"
import { measure, undisturbed, watch } from "./Sample.ts"
import { startServers } from "./Servers.ts"
import { startSubject } from "./Subjects.ts"
import { plainTable, type Row } from "./Summary.ts"

const part = 0.7

/** How long people wait when the server has some air: at 70 % of the rate it can do at most, come what may. */
export const tail = Effect.fnUntraced(function* ({ kinds: wanted, routes: names, requests }: Options) {
  const servers = yield* startServers
  const asked = wanted.filter((kind) => names.some((route) => answers(kind, route)))
  const subjects = yield* Effect.forEach(asked, (kind) => startSubject(kind, servers.variables, servers.folder))
  const rows: Array<Row> = [["route", "server", "top requests/s", "asked for", "p50 ms", "p99 ms", "foreign", "load"]]
  yield* Effect.promise(async () => {
    for (const route of names) {
      for (const subject of subjects.filter(({ kind }) => answers(kind, route))) {
        const prepared = prepare(subject.kind, route)
        await closedLoop(subject.port, prepared, Math.min(requests, 4000))
        const top = await measure(subject, route, requests, servers)
        const rate = top.rate * part
        const run = () => openLoop(subject.port, prepared, requests, rate)
        const paced = await undisturbed(() => watch(subject, servers, run, false)).catch((error: unknown) => {
          if (error instanceof FellBehind) return undefined
          throw error
        })
        rows.push([
          routes[route].title,
          kinds[subject.kind].title,
          top.rate.toFixed(0),
          rate.toFixed(0),
          paced?.p50.toFixed(2) ?? "fell behind",
          paced?.p99.toFixed(2) ?? "",
          `${Math.round(Math.max(top.foreign, paced?.foreign ?? 0) * 100)} %`,
          load()
        ])
      }
    }
  })
  process.stdout.write(`${servers.versions}\n${plainTable(rows)}\n`)
})
