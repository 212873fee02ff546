import { Effect } from "effect"
import { closedLoop, connections, quantile } from "./Client.ts"
import { cpuOf, load } from "./Machine.ts"
import type { Options } from "./Options.ts"
import { prepare, type RouteName, routes } from "./Routes.ts"
import { startServers } from "./Servers.ts"
import { startSubject, type Subject } from "./Subjects.ts"
import { plainTable, type Row } from "./Summary.ts"

/** What some replicas do together, with the connections dealt out to them. */
const together = async (replicas: ReadonlyArray<Subject>, route: RouteName, requests: number) => {
  const run = (total: number) =>
    Promise.all(
      replicas.map(({ port }) => {
        const share = (all: number) => Math.ceil(all / replicas.length)
        return closedLoop(port, prepare("bundle", route), share(total), share(connections))
      })
    )
  const cpu = () => replicas.reduce((all, { pid }) => all + cpuOf(pid), 0)
  await run(requests / 4)
  const before = cpu()
  const loads = await run(requests)
  const spent = cpu() - before
  const done = loads.reduce((all, { requests }) => all + requests, 0)
  const latencies = Float64Array.from(loads.flatMap(({ latencies }) => [...latencies])).toSorted()
  return {
    rate: done / Math.max(...loads.map(({ seconds }) => seconds)),
    micros: (spent / done) * 1e6,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99)
  }
}

const cases = [
  ...[1, 2, 4].map((replicas) => ({ replicas, pool: 10 })),
  ...[2, 4, 20, 40].map((pool) => ({ replicas: 1, pool }))
]

/** Replicas on one PostgreSQL, which share a core, and one replica with pools of other sizes. */
export const replicas = Effect.fnUntraced(function* ({ rounds, requests }: Options) {
  const servers = yield* startServers
  const names = ["session", "characters", "create", "update"] as const
  const rows: Array<Row> = [["replicas", "pool", "route", "requests/s", "CPU us/request", "p50 ms", "p99 ms", "load"]]
  for (let round = 0; round < rounds; round++) {
    for (const { replicas, pool } of cases) {
      yield* Effect.scoped(
        Effect.gen(function* () {
          const variables = { ...servers.variables, DB_POOL_SIZE: String(pool) }
          const started = Array.from({ length: replicas }, () => startSubject("bundle", variables, servers.folder))
          const all = yield* Effect.all(started)
          for (const name of names) {
            const { rate, micros, p50, p99 } = yield* Effect.promise(() => together(all, name, requests))
            rows.push([
              String(replicas),
              String(pool),
              routes[name].title,
              rate.toFixed(0),
              micros.toFixed(0),
              p50.toFixed(2),
              p99.toFixed(2),
              load()
            ])
          }
        })
      )
    }
  }
  process.stdout.write(`${servers.versions}\n${plainTable(rows)}\n`)
})
