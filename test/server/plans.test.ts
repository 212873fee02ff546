import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { openBrowser } from "../support/Browser.ts"
import { query } from "../support/query.ts"
import { characterOf, seededGuild } from "../support/seeded.ts"
import { live, TestApp } from "../support/TestApp.ts"

const people = 12_000

/** An installation of many guilds: 20 members each, each with two characters. */
const fill = Effect.gen(function* () {
  // Without triggers: they keep the roster in step row by row.
  yield* query`set local session_replication_role = replica`
  yield* query`insert into users (id) select md5('user' || n)::uuid from generate_series(1, ${people}::int) n`
  yield* query`insert into discord_identities (id, user_id, discord_user_id)
    select md5('identity' || n)::uuid, md5('user' || n)::uuid, (7000000 + n)::text from generate_series(1, ${people}::int) n`
  yield* query`insert into discord_profiles (discord_identity_id, username)
    select md5('identity' || n)::uuid, 'user' || n from generate_series(1, ${people}::int) n`
  yield* query`insert into user_sessions (user_id, token_hash, csrf_token_hash, expires_at)
    select md5('user' || n)::uuid, md5('token' || n), md5('csrf' || n), now() + interval '9 days'
    from generate_series(1, ${people}::int) n`
  yield* query`insert into guilds (id, name, realm, region, faction, game_version)
    select md5('guild' || n)::uuid, 'Guild', 'Firemaw', 'eu', 'horde', 'classic' from generate_series(1, ${people}::int / 20) n`
  yield* query`insert into guild_invites (guild_id, code) select id, md5(id::text) from guilds on conflict do nothing`
  yield* query`insert into guild_memberships (guild_id, user_id, role)
    select md5('guild' || (n / 20 + 1))::uuid, md5('user' || n)::uuid, 'raider' from generate_series(0, ${people}::int - 1) n
    where n > 0 and n / 20 + 1 <= ${people}::int / 20`
  yield* query`insert into characters (id, user_id, name, region, server, class, race, spec, role, rank, realm_slug, name_key)
    select md5('character' || n || which)::uuid, md5('user' || n)::uuid, name, 'eu', 'Firemaw', 'Warrior', 'Orc', 'Fury',
      'melee', which, 'firemaw', name_key(name)
    from generate_series(1, ${people}::int) n, unnest(array['main', 'alt']) which,
      lateral (select translate(n || which, '0123456789', 'abcdefghij') as name) named`
  yield* query`insert into rosters (guild_id) select id from guilds on conflict do nothing`
  yield* query`insert into roster_players (id, guild_id, name, user_id)
    select user_id, guild_id, 'Player ' || user_id, user_id from guild_memberships
    where guild_id in (select id from guilds where name = 'Guild')`
  yield* query`insert into roster_entries (guild_id, player_id, character_id, class, spec, role, rank)
    select p.guild_id, p.id, c.id, c.class, c.spec, c.role, c.rank from characters c
    join roster_players p on p.id = c.user_id`
  yield* query`insert into character_battlenet_snapshots (character_id, level) select id, 70 from characters on conflict do nothing`
  yield* query`insert into character_warcraftlogs_snapshots (character_id) select id from characters on conflict do nothing`
  yield* query`insert into security_audit_events (user_id, event_type, guild_id)
    select user_id, 'guild_created', guild_id from guild_memberships`
  yield* query`insert into guild_keys (id, guild_id, name, prefix, token_hash, scopes, revoked_at)
    select user_id, guild_id, 'Bot', 'raid_', user_id::text, array['plans:read'], now() from guild_memberships
    where guild_id in (select id from guilds where name = 'Guild')`
  yield* query`analyze`
  // Inside a function, since the client would want values for the parameters of the text.
  yield* query`create function plan_of(statement text) returns setof text language plpgsql as
    'begin return query execute ''explain (generic_plan, costs off) '' || statement; end'`
})

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("plans of a large installation", (it) => {
  it.effect(
    "no route reads a whole table",
    () =>
      Effect.gen(function* () {
        const browser = yield* openBrowser()
        yield* browser.signIn()
        const { client } = browser
        const params = { guild_id: seededGuild }
        const character = { params: { character_id: (yield* characterOf(browser, { wcl: "ranked" })).id } }
        yield* query`update guild_memberships set role = 'admin'`
        yield* (yield* TestApp).sql.withTransaction(fill)
        const { sql, texts } = yield* TestApp
        const before = texts.length
        yield* client.sessions.current()
        yield* client.sessions.list()
        yield* client.guilds.list()
        yield* client.guilds.get({ params })
        yield* client.guilds.members({ params })
        yield* client.guilds.characters({ params })
        yield* client.guilds.history({ params, query: {} })
        yield* client.characters.get(character)
        yield* client.roster.get({ params })
        const payload = { name: "N", realm: "R", region: "eu", faction: "horde", game_version: "classic" }
        yield* client.guilds.create({ payload })
        yield* client.guilds.update({ params, payload: { name: "M" } })
        yield* client.sessions.logoutOthers()
        const whole: Array<string> = []
        const asked = texts.slice(before)
        assert.isAtLeast(asked.length, 24)
        for (const text of asked) {
          const plan = yield* sql`select plan_of(${text}) as line`
          const scans = Array.from(JSON.stringify(plan).matchAll(/Seq Scan on (\w+)/g), ([, table]) => table!)
          const large = scans.filter((table) => /^(users|user_|discord_|guild|character|roster|security_)/.test(table))
          if (large.length > 0) whole.push(`${large.join(", ")}: ${text}`)
        }
        assert.deepStrictEqual(whole, [])
      }),
    60_000
  )
})
