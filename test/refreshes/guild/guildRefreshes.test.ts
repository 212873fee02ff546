import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { eventually } from "../../support/eventually.ts"
import { query } from "../../support/query.ts"
import { somebody } from "../../support/people.ts"
import { live, TestApp } from "../../support/TestApp.ts"
import { asked, officerAt, path, someEntries, soon } from "./refreshing.ts"

const outcomes = (refresh: { parts: ReadonlyArray<{ outcome: string | null; error: string | null }> }) =>
  refresh.parts.reduce<Record<string, number>>((counts, { outcome, error }) => {
    const name = `${outcome}${error === null ? "" : " with a sentence"}`
    counts[name] = (counts[name] ?? 0) + 1
    return counts
  }, {})

layer(TestApp.layer({ RUN_DB_SEEDS: "true", WCL_API_DELAY_MS: "300" }, soon), live)(
  "a refresh of a guild's roster",
  (it) => {
    it.effect(
      "reads 40 characters in at most 12 requests to Warcraft Logs, with their pauses within 15 s",
      () =>
        Effect.gen(function* () {
          const officer = yield* officerAt()
          const before = Date.now()
          const { id, ...begun } = yield* officer.start({ stale_after_seconds: 0, entries: yield* someEntries(40) })
          assert.deepInclude(begun, { state: "running", finished_at: null, waiting_until: null })
          assert.lengthOf(begun.parts, 80)
          const done = yield* officer.ended(id)
          assert.isBelow(Date.now() - before, 15_000)
          const { warcraftlogs, battlenet } = yield* asked
          assert.isAtMost(warcraftlogs, 12)
          assert.strictEqual(done.state, "done")
          const { warcraftlogs: wcl, battlenet: bnet } = done.providers
          // Tokens are requests, too.
          assert.isAtLeast(wcl.requests, warcraftlogs)
          assert.isAtMost(wcl.requests, warcraftlogs + 1)
          assert.isAtLeast(bnet.requests, battlenet)
          assert.strictEqual(wcl.done + wcl.failed, 40)
          assert.strictEqual(bnet.done + bnet.failed, 40)
          assert.isBelow(wcl.points_left, 3600)
          // Whoever could not be read has a sentence; gear that nobody saw is told, too.
          const told = outcomes(done)
          assert.notProperty(told, "failed")
          assert.isAbove(told.done!, 60)
          const [row] = yield* query`
          select count(w.*) as sheets, count(*) filter (where w.gear_fetched_at > now() - interval '1 minute') as gear,
            count(b.*) as profiles
          from guild_refresh_parts t
          left join character_warcraftlogs_snapshots w on w.character_id = t.character_id
          left join character_battlenet_snapshots b on b.character_id = t.character_id
          where t.refresh_id = ${id}::uuid and t.provider = 'battlenet'`
          assert.deepInclude(row, { sheets: 40n, profiles: 40n })
          assert.isAbove(Number(row!.gear), 30)
        }),
      30_000
    )

    it.effect("leaves alone what is fresh, and is done at once when everything is", () =>
      Effect.gen(function* () {
        const officer = yield* officerAt()
        const before = yield* asked
        const entries = yield* someEntries(40)
        const done = yield* officer.start({ entries })
        assert.strictEqual(done.state, "done")
        assert.deepStrictEqual(outcomes(done), { fresh: 80 })
        assert.deepStrictEqual(yield* asked, before)
        const one = yield* officer.start({ entries, providers: ["battlenet"], stale_after_seconds: 0 })
        assert.isNull(one.providers.warcraftlogs)
        assert.strictEqual((yield* officer.ended(one.id)).providers.battlenet.total, 40)
        assert.strictEqual((yield* asked).warcraftlogs, before.warcraftlogs)
        const { refreshes } = (yield* officer.send("GET", path)).body
        assert.deepStrictEqual(
          refreshes.map(({ id }: { id: string }) => id),
          [one.id, done.id, refreshes[2].id]
        )
        assert.notProperty(refreshes[0], "parts")
      })
    )

    it.effect(
      "asks again for those whose parses it read, but not their gear, before it was cancelled",
      () =>
        Effect.gen(function* () {
          const { warcraftlogs } = yield* TestApp
          const officer = yield* officerAt()
          const entries = yield* someEntries(5)
          const only = { entries, providers: ["warcraftlogs"] }
          warcraftlogs.fault({ kind: "slow", ms: 1000 })
          const { id } = yield* officer.start({ ...only, stale_after_seconds: 0 })
          const half = query`select entry_id from guild_refresh_parts
            where refresh_id = ${id}::uuid and round > 0 and outcome is null`
          yield* eventually(half, ({ length }) => length > 0)
          assert.strictEqual((yield* officer.send("DELETE", `${path}/${id}`)).status, 204)
          warcraftlogs.clearFaults()
          const left = yield* half
          assert.isAbove(left.length, 0)
          const again = yield* officer.start(only)
          assert.deepInclude(again.providers.warcraftlogs, { total: 5, fresh: 5 - left.length })
          const done = yield* officer.ended(again.id)
          assert.strictEqual(done.providers.warcraftlogs.done, left.length)
          assert.strictEqual((yield* officer.start(only)).providers.warcraftlogs.fresh, 5)
        }),
      20_000
    )

    it.effect(
      "settles a character that left the roster meanwhile, and a realm that nobody serves, with a sentence",
      () =>
        Effect.gen(function* () {
          const { battlenet } = yield* TestApp
          const officer = yield* officerAt()
          const [gone, away, ...rest] = yield* someEntries(3)
          yield* query`update characters set region = 'cn' where id = (
          select character_id from roster_entries where id = ${away!}::uuid)`
          battlenet.fault({ kind: "slow", ms: 500 })
          const entries = [gone, away, ...rest]
          const begun = yield* officer.start({ entries, providers: ["battlenet"], stale_after_seconds: 0 })
          yield* query`delete from roster_entries where id = ${gone!}::uuid`
          const done = yield* officer.ended(begun.id)
          battlenet.clearFaults()
          const errorOf = (entry: string) =>
            done.parts.find(({ entry_id }: { entry_id: string }) => entry_id === entry).error
          assert.strictEqual(errorOf(away!), "Battle.net data is not available for this region.")
          assert.strictEqual(done.state, "done")
          assert.lengthOf(done.parts, 3)
        }),
      20_000
    )

    it.effect("is of its guild, and nobody else's", () =>
      Effect.gen(function* () {
        const officer = yield* officerAt()
        const { id } = yield* officer.start({ entries: yield* someEntries(1) })
        const stranger = yield* somebody()
        const { guild } = yield* stranger.client.guilds.create({
          payload: { name: "N", realm: "R", region: "eu", faction: "horde", game_version: "classic" }
        })
        const theirs = `/api/v1/guilds/${guild.id}/refreshes`
        for (const method of ["GET", "DELETE"] as const) {
          assert.strictEqual((yield* stranger.send(method, `${path}/${id}`)).body.error.code, "guild.not_found")
          assert.strictEqual((yield* stranger.send(method, `${theirs}/${id}`)).body.error.code, "refresh.not_found")
        }
        const empty = yield* stranger.send("POST", theirs, { json: {} })
        assert.strictEqual(empty.status, 202)
        assert.deepInclude(empty.body.refresh, { state: "done", parts: [] })
      })
    )

    it.effect(
      "answers 503 while the database is away, and goes on with its work when it is back",
      () =>
        Effect.gen(function* () {
          const { postgres } = yield* TestApp
          const officer = yield* officerAt()
          const entries = yield* someEntries(20)
          const { id } = yield* officer.start({ entries, stale_after_seconds: 0 })
          postgres.shut()
          assert.strictEqual(
            (yield* officer.send("POST", path, { json: {} })).body.error.code,
            "dependency.unavailable"
          )
          postgres.open()
          yield* eventually(officer.send("GET", path), ({ status }) => status === 200)
          assert.strictEqual((yield* officer.ended(id)).state, "done")
        }),
      30_000
    )
  }
)
