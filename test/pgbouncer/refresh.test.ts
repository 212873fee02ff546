import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { officerAt, soon } from "../refreshes/guild/refreshing.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"
import { testDatabase } from "../support/TestServers.ts"
import { pgBouncer } from "./PgBouncer.ts"

/** In front of the tests' server, whatever the database is called. */
class Pooler extends Context.Service<Pooler, number>()("test/Pooler") {
  static readonly layer = Layer.effect(
    Pooler,
    Effect.flatMap(testDatabase, (server) => pgBouncer(server, "pool_mode = transaction", "default_pool_size = 4"))
  )
}

const app = Layer.unwrap(
  Effect.map(Pooler, (port) =>
    TestApp.layer(
      { RUN_DB_SEEDS: "true", WCL_API_DELAY_MS: "20", DB_PORT: String(port), DB_POOLER: "transaction" },
      soon
    )
  )
)

layer(app.pipe(Layer.provideMerge(Pooler.layer)), live)("the job engine behind PgBouncer in transaction mode", (it) => {
  it.effect(
    "two replicas refresh a roster, each part once",
    () =>
      Effect.gen(function* () {
        const { variables, warcraftlogs, battlenet } = yield* TestApp
        const other = yield* startReplica(variables, undefined, soon)
        const officer = yield* officerAt(other)
        const { id } = yield* officer.start()
        const done = yield* officer.ended(id)
        assert.strictEqual(done.state, "done")
        const [row] = yield* query`select count(*)::int as n, count(distinct (entry_id, provider))::int as parts,
          count(*) filter (where outcome is null)::int as waiting from guild_refresh_parts where refresh_id = ${id}::uuid`
        assert.isAbove(row!.n as number, 20)
        assert.deepInclude(row, { parts: row!.n, waiting: 0 })
        assert.isAbove(warcraftlogs.calls.to("/api/v2/client").length, 0)
        const profiles = battlenet.calls.to("/profile/").map(({ path }) => path)
        assert.strictEqual(new Set(profiles).size, profiles.length)
      }),
    60_000
  )
})
