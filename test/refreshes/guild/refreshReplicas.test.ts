import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { warcraftlogsSimulator } from "../../../src/demo/simulators/Warcraftlogs.ts"
import { environment } from "../../support/environment.ts"
import { eventually } from "../../support/eventually.ts"
import { query } from "../../support/query.ts"
import { seededGuild } from "../../support/seeded.ts"
import { testDatabase } from "../../support/TestServers.ts"
import { live, startReplica, TestApp } from "../../support/TestApp.ts"
import { asked, officerAt, path, someEntries, soon } from "./refreshing.ts"

const client = { clientId: environment.DISCORD_CLIENT_ID, clientSecret: environment.DISCORD_CLIENT_SECRET }

/** A second replica beside the file's own. */
class Second extends Context.Service<Second, { readonly url: string }>()("test/Second") {
  static readonly layer = Layer.effect(
    Second,
    Effect.gen(function* () {
      const { variables } = yield* TestApp
      return Second.of({ url: yield* startReplica(variables, undefined, soon) })
    })
  )
}

/** An officer at each. */
const pair = Effect.gen(function* () {
  return { one: yield* officerAt(), other: yield* officerAt((yield* Second).url) }
})

layer(Layer.provideMerge(Second.layer, TestApp.layer({ RUN_DB_SEEDS: "true" }, soon)), live)(
  "refreshes of two replicas",
  (it) => {
    it.effect(
      "are one for a guild, however many ask at once",
      () =>
        Effect.gen(function* () {
          const { one, other } = yield* pair
          const { warcraftlogs } = yield* TestApp
          warcraftlogs.fault({ kind: "slow", ms: 300 })
          const all = yield* Effect.all(
            Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? one : other).start()),
            { concurrency: "unbounded" }
          )
          assert.lengthOf(new Set(all.map(({ id }) => id)), 1)
          assert.lengthOf(yield* query`select 1 from guild_refreshes`, 1)
          assert.strictEqual((yield* other.ended(all[0].id)).state, "done")
          warcraftlogs.clearFaults()
          const settled = yield* query`
          select count(*) as parts, count(distinct (provider, entry_id)) as distinct
          from guild_refresh_parts where outcome is not null`
          assert.deepStrictEqual(settled, [{ parts: 126n, distinct: 126n }])
        }),
      30_000
    )

    it.effect(
      "are cancelled by either: no further request begins, and the guild can have another",
      () =>
        Effect.gen(function* () {
          const { one, other } = yield* pair
          const { warcraftlogs, battlenet } = yield* TestApp
          warcraftlogs.fault({ kind: "slow", ms: 1000 })
          battlenet.fault({ kind: "slow", ms: 1000 })
          const before = (yield* asked).warcraftlogs
          const { id } = yield* one.start()
          yield* eventually(asked, ({ warcraftlogs }) => warcraftlogs > before)
          assert.strictEqual((yield* other.send("DELETE", `${path}/${id}`)).status, 204)
          const cancelled = yield* one.get(id)
          assert.strictEqual(cancelled.state, "cancelled")
          assert.isAbove(cancelled.parts.filter(({ outcome }: { outcome: unknown }) => outcome === null).length, 100)
          const next = yield* one.start({ entries: yield* someEntries(1), providers: ["warcraftlogs"] })
          assert.notStrictEqual(next.id, id)
          assert.strictEqual((yield* one.send("DELETE", `${path}/${next.id}`)).status, 204)
          // Longer than what was on its way takes.
          yield* Effect.sleep("2500 millis")
          const after = yield* asked
          yield* Effect.sleep("1500 millis")
          assert.deepStrictEqual(yield* asked, after)
          assert.isAtMost(after.warcraftlogs, before + 2)
          assert.deepStrictEqual((yield* one.get(id)).parts, cancelled.parts)
          assert.strictEqual((yield* other.send("DELETE", `${path}/${id}`)).status, 204)
          warcraftlogs.clearFaults()
          battlenet.clearFaults()
        }),
      30_000
    )

    it.effect(
      "wait for a limit that the provider tells, with all replicas, while everything else goes on",
      () =>
        Effect.gen(function* () {
          const { one, other } = yield* pair
          const { warcraftlogs } = yield* TestApp
          const slow = yield* Effect.scoped(
            Effect.gen(function* () {
              const { id } = yield* one.start({
                entries: yield* someEntries(3),
                providers: ["battlenet"],
                stale_after_seconds: 0
              })
              return yield* one.ended(id)
            })
          )
          assert.strictEqual(slow.state, "done")
          warcraftlogs.fault({ kind: "status", status: 429, retryAfter: 3600, path: "/api/v2/client" })
          const { id } = yield* other.start()
          const waiting = yield* eventually(one.get(id), ({ providers }) => providers.warcraftlogs.waiting_for !== null)
          assert.strictEqual(waiting.providers.warcraftlogs.waiting_for, "limit")
          const until = Date.parse(waiting.providers.warcraftlogs.waiting_until) - Date.now()
          assert.approximately(until, 3_600_000, 10_000)
          const all = yield* eventually(one.get(id), ({ providers }) => providers.battlenet.waiting === 0)
          assert.deepInclude(all, { state: "waiting", waiting_until: all.providers.warcraftlogs.waiting_until })
          const sleeps = query`
          select 1 from jobs_messages where entity_type = 'Workflow/-/DurableClock' and not processed`
          assert.lengthOf(yield* sleeps, 1)
          const before = yield* asked
          warcraftlogs.clearFaults()
          const [character] =
            yield* query`select character_id as id from roster_entries where guild_id = ${seededGuild}::uuid limit 1`
          for (const at of [one, other]) {
            const single = yield* at.send("POST", `/api/v1/characters/${String(character!.id)}/warcraftlogs/refresh`)
            assert.strictEqual(single.body.error.code, "provider.rate_limited")
            assert.isAbove(Number(single.headers["retry-after"]), 3500)
            assert.strictEqual((yield* at.send("GET", `/api/v1/guilds/${seededGuild}/roster`)).status, 200)
          }
          assert.deepStrictEqual(yield* asked, before)
          assert.strictEqual((yield* one.send("DELETE", `${path}/${id}`)).status, 204)
          assert.deepInclude(yield* other.get(id), { state: "cancelled", waiting_until: null })
          yield* eventually(sleeps, (rows) => rows.length === 0)
        }),
      30_000
    )
  }
)

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("refreshes and the hour's points", (it) => {
  it.effect(
    "stop at the reserve, and go on after the reset",
    () =>
      Effect.gen(function* () {
        const { variables } = yield* TestApp
        // The provider's clock, which jumps to some seconds before the end of its hour.
        let jump = 0
        const provider = yield* warcraftlogsSimulator({ ...client, now: () => Date.now() + jump })
        provider.spend(3540)
        jump = 3_592_000
        // On a database of its own, so that no other replica does its work.
        const database = yield* testDatabase
        const url = yield* startReplica(
          {
            ...variables,
            DB_PORT: String(database.port),
            DB_PASSWORD: Redacted.value(database.password),
            DB_NAME: database.database,
            WCL_ENDPOINT: provider.endpoint,
            WCL_OAUTH_TOKEN_URL: provider.tokenUrl
          },
          undefined,
          soon
        )
        const officer = yield* officerAt(url)
        const before = Date.now()
        const { id } = yield* officer.start({ providers: ["warcraftlogs"], stale_after_seconds: 0 })
        const waiting = yield* eventually(officer.get(id), ({ state }) => state === "waiting")
        assert.strictEqual(waiting.providers.warcraftlogs.waiting_for, "reserve")
        assert.isBelow(waiting.providers.warcraftlogs.points_left, 60)
        const calls = provider.calls.to("/api/v2/client").length
        const done = yield* officer.ended(id)
        assert.strictEqual(done.state, "done")
        assert.isAbove(provider.calls.to("/api/v2/client").length, calls)
        assert.isAbove(Date.parse(done.finished_at) - before, 5000)
      }),
    40_000
  )
})
