import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { query } from "../../support/query.ts"
import { seededGuild } from "../../support/seeded.ts"
import { live, TestApp } from "../../support/TestApp.ts"
import { officerAt, path, soon } from "./refreshing.ts"

const rounds = 20

layer(TestApp.layer({ RUN_DB_SEEDS: "true", WCL_API_DELAY_MS: "0", RATE_LIMIT_REQUESTS: "1000000" }, soon), live)(
  "what writes to one roster at once",
  (it) => {
    it.effect(
      `${rounds} rounds of removals, single refreshes and refreshes in bulk: none waits for another that waits for it`,
      () =>
        Effect.gen(function* () {
          const officer = yield* officerAt()
          const guild = `/api/v1/guilds/${seededGuild}`
          // Nobody's, so that they do not come back when they are removed.
          yield* query`update characters set user_id = null where id in (
          select character_id from roster_entries where guild_id = ${seededGuild}::uuid)`
          const counts: Record<string, number> = {}
          const before =
            yield* query`select deadlocks::int as n from pg_stat_database where datname = current_database()`
          for (let round = 0; round < rounds; round++) {
            const rows = yield* query`
            select e.id as entry, e.player_id as player, c.id as character
            from roster_entries e join characters c on c.id = e.character_id
            where e.guild_id = ${seededGuild}::uuid and c.user_id is null order by e.id limit 6`
            assert.lengthOf(rows, 6)
            const entries = rows.map(({ entry }) => String(entry))
            const refresh = yield* officer.start({ entries, stale_after_seconds: 0 })
            const [first, second] = rows
            const remove = (row: (typeof rows)[number]) =>
              officer.send("DELETE", `${guild}/players/${row["player"]}/characters/${row["entry"]}`)
            const answers = yield* Effect.all(
              [
                ...rows.flatMap(({ character }) =>
                  ["warcraftlogs", "battlenet"].map((provider) =>
                    officer.send("POST", `/api/v1/characters/${String(character)}/${provider}/refresh`)
                  )
                ),
                Effect.andThen(Effect.sleep(5 * round), remove(first!)),
                Effect.andThen(Effect.sleep(8 * round), remove(second!))
              ],
              { concurrency: "unbounded" }
            )
            for (const { status, body } of answers) {
              assert.include([200, 204, 404], status, JSON.stringify(body))
              counts[status] = (counts[status] ?? 0) + 1
            }
            assert.strictEqual((yield* officer.ended(refresh.id)).state, "done")
          }
          assert.isAbove(counts["200"]!, rounds * 8)
          const after =
            yield* query`select deadlocks::int as n from pg_stat_database where datname = current_database()`
          assert.deepStrictEqual(after, before)
          assert.strictEqual((yield* officer.send("GET", path)).status, 200)
        }),
      90_000
    )
  }
)
