import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { eventually } from "../../support/eventually.ts"
import { query } from "../../support/query.ts"
import { live, TestApp } from "../../support/TestApp.ts"
import { soon } from "./refreshing.ts"

/** In one statement, so that the night sees all of these guilds or none. */
const guilds = query`
  with given as (
    select name, age, md5('guild' || name)::uuid as guild, md5('player' || name)::uuid as player,
      md5('character' || name)::uuid as character
    from (values ('Weeks', 20), ('Fresh', 0), ('Days', 3), ('Never', null), ('Week', 7)) v (name, age)
  ), guilds as (
    insert into guilds (id, name, realm, region, faction, game_version)
    select guild, name, 'Firemaw', 'eu', 'horde', 'classic' from given
  ), characters as (
    insert into characters (id, name, region, server, class, race, spec, role, rank, realm_slug, name_key)
    select character, name, 'eu', 'Firemaw', 'Warrior', 'Orc', 'Fury', 'melee', 'main', 'firemaw', name_key(name) from given
  ),
  players as (insert into roster_players (id, guild_id, name) select player, guild, name from given),
  entries as (
    insert into roster_entries (guild_id, player_id, character_id, class, spec, role, rank)
    select guild, player, character, 'Warrior', 'Fury', 'melee', 'main' from given
  ), sheets as (
    insert into character_warcraftlogs_snapshots (character_id, fetched_at)
    select character, now() - make_interval(days => age) from given where age is not null
  )
  insert into character_battlenet_snapshots (character_id, fetched_at)
  select character, now() - make_interval(days => age) from given where age is not null`

layer(TestApp.layer({ REFRESH_NIGHTLY: "* * * * * UTC" }, soon), live)("a night", (it) => {
  it.effect(
    "begins with the roster that was left alone for longest, one after the other, and leaves the fresh one alone",
    () =>
      Effect.gen(function* () {
        yield* guilds
        const made = yield* eventually(
          query`select g.name, f.finished_at is not null as ended, f.created_at < lag(f.finished_at) over (order by f.created_at) as early
            from guild_refreshes f join guilds g on g.id = f.guild_id order by f.created_at`,
          (rows) => rows.length >= 4 && rows.every(({ ended }) => ended)
        )
        assert.deepStrictEqual(
          made.map(({ name, early }) => [name, early]),
          [
            ["Never", null],
            ["Weeks", false],
            ["Week", false],
            ["Days", false]
          ]
        )
      }),
    40_000
  )
})
