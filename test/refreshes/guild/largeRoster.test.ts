import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { step } from "../../../src/demo/servers/Watchdog.ts"
import { type WarcraftlogsSimulator, warcraftlogsSimulator } from "../../../src/demo/simulators/Warcraftlogs.ts"
import { demoCharacters, type SimCharacter } from "../../../src/demo/simulators/World.ts"
import { credentials } from "../../infra/providers.ts"
import { query } from "../../support/query.ts"
import { seededGuild } from "../../support/seeded.ts"
import { live, TestApp } from "../../support/TestApp.ts"
import { officerAt, soon } from "./refreshing.ts"

const example = demoCharacters.find(({ wcl, bnet }) => wcl === "ranked" && bnet === "ok")!

/** A community of six raids. */
const people = Array.from({ length: 121 }, (_, at): SimCharacter => ({
  ...example,
  realm: "spineshatter",
  name: `Raider${String.fromCharCode(97 + (at % 26), 97 + Math.floor(at / 26))}`
}))

class Logs extends Context.Service<Logs, WarcraftlogsSimulator>()("test/Logs") {
  static readonly layer = Layer.effect(
    Logs,
    warcraftlogsSimulator({ ...credentials, characters: people, raidSize: 21 })
  )
}

const app = Layer.unwrap(
  Effect.map(Logs, ({ endpoint, tokenUrl }) =>
    TestApp.layer(
      { RUN_DB_SEEDS: "true", WCL_API_DELAY_MS: "300", WCL_ENDPOINT: endpoint, WCL_OAUTH_TOKEN_URL: tokenUrl },
      soon
    )
  )
)

/** The entries of these people on the roster of the seeded guild. */
const entered = query`
  with given as (
    select name, md5('player' || name)::uuid as player, md5('character' || name)::uuid as character
    from jsonb_array_elements_text(${JSON.stringify(people.map(({ name }) => name))}::text::jsonb) name
  ), characters as (
    insert into characters (id, name, region, server, class, race, spec, role, rank, realm_slug, name_key)
    select character, name, 'eu', 'spineshatter', ${example.class}::text, 'Orc', ${example.spec}::text,
      ${example.role}::text, 'main', 'spineshatter', name_key(name) from given
  ), players as (
    insert into roster_players (id, guild_id, name) select player, ${seededGuild}::uuid, name from given
  )
  insert into roster_entries (guild_id, player_id, character_id, class, spec, role, rank)
  select ${seededGuild}::uuid, player, character, ${example.class}::text, ${example.spec}::text, ${example.role}::text,
    'main' from given
  returning id`

layer(app.pipe(Layer.provideMerge(Logs.layer)), live)("a roster of 121 characters in six raids", (it) => {
  it.effect(
    "costs 19 requests to Warcraft Logs, where one by one it would be 484, and three to Battle.net for each",
    () =>
      Effect.gen(function* () {
        const { battlenet, url } = yield* TestApp
        const logs = yield* Logs
        for (const one of people) battlenet.put(one)
        const officer = yield* officerAt()
        const readAt = performance.now()
        for (let n = 0; n < 100; n++) yield* step(async () => (await fetch(`${url}/health`)).text())
        const read = (performance.now() - readAt) / 100
        const entries = (yield* entered).map(({ id }) => id)
        const { id } = yield* officer.start({ stale_after_seconds: 0, entries })
        const done = yield* officer.ended(id)
        assert.deepInclude(done.providers.warcraftlogs, { total: 121, done: 121 })
        assert.deepInclude(done.providers.battlenet, { total: 121, done: 121 })
        // 13 of ten characters each, and the last kill of each raid.
        assert.lengthOf(logs.calls.to("/api/v2/client"), 13 + 6)
        assert.lengthOf(battlenet.calls.to("/profile/"), 3 * 121)
        // Nineteen wait for 300 ms, and 363 go one after the other: longer where any request takes longer.
        const took = Date.parse(done.finished_at) - Date.parse(done.created_at)
        assert.isBelow(took, Math.max(15_000, 6000 + 3 * 121 * 5 * read))
        const [row] = yield* query`
          select count(*) filter (where jsonb_array_length(w.gear) > 0 and jsonb_array_length(w.rankings) > 0) as whole
          from guild_refresh_parts t join character_warcraftlogs_snapshots w on w.character_id = t.character_id
          where t.refresh_id = ${id}::uuid and t.provider = 'warcraftlogs'`
        assert.deepStrictEqual(row, { whole: 121n })
      }),
    60_000
  )
})
