import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { query } from "../support/query.ts"
import { characterOf, seededGuild } from "../support/seeded.ts"
import { live, TestApp } from "../support/TestApp.ts"

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("ETag", (it) => {
  const happened = query`insert into security_audit_events (event_type, guild_id, user_id)
    select 'guild_updated', guild_id, user_id from live_members where guild_id = ${seededGuild}::uuid and role = 'admin'`

  const cases = [
    {
      what: "members",
      change: query`update guild_memberships set role = 'officer', updated_at = now() where role = 'raider'`
    },
    {
      what: "characters",
      change: query`update characters set deleted_at = now(), updated_at = now() where rank = 'alt'`
    },
    {
      what: "audit",
      change: happened
    },
    {
      what: "audit?limit=1",
      change: query`update discord_profiles set global_name = 'Anew', updated_at = now()`
    },
    {
      what: "audit?limit=2",
      change: query`delete from security_audit_events where id = (
        select id from security_audit_events where guild_id = ${seededGuild}::uuid order by created_at desc limit 1)`
    },
    { what: "character", change: query`update characters set spec = 'Fury', updated_at = now()` },
    {
      what: "character",
      change: query`insert into character_battlenet_snapshots (character_id, level)
        select id, 70 from characters on conflict (character_id) do update set level = 69, fetched_at = now()`
    }
  ]

  it.effect.each(cases)("304 until it changes: $what", ({ what, change }) =>
    Effect.gen(function* () {
      const browser = yield* openBrowser()
      yield* browser.signIn(personas.admin.id)
      yield* happened
      yield* happened
      const { id } = yield* characterOf(browser, { wcl: "ranked" })
      const path = what === "character" ? `/api/v1/characters/${id}` : `/api/v1/guilds/${seededGuild}/${what}`
      const ask = (known: string) => browser.send("GET", path, { headers: { "if-none-match": known } })
      const first = yield* browser.send("GET", path)
      const tag = first.headers.etag!
      assert.match(tag, /^"[\d.]+"$/)
      assert.deepInclude(first.headers, { "cache-control": "private, no-cache", "content-type": "application/json" })
      for (const known of [tag, `"other", W/${tag}`]) {
        const { status, body, headers } = yield* ask(known)
        assert.deepStrictEqual([status, body, headers.etag], [304, "", tag])
      }
      assert.deepStrictEqual((yield* ask('"other"')).body, first.body)
      yield* change
      const changed = yield* ask(tag)
      assert.strictEqual(changed.status, 200)
      assert.notStrictEqual(changed.headers.etag, tag)
      assert.notDeepEqual(changed.body, first.body)
    })
  )

  it.effect("a tag opens nothing to a stranger", () =>
    Effect.gen(function* () {
      const [member, stranger] = [yield* openBrowser(), yield* openBrowser()]
      yield* member.signIn()
      yield* stranger.signIn(personas.newcomer.id)
      const path = `/api/v1/guilds/${seededGuild}/members`
      const { headers } = yield* member.send("GET", path)
      const answer = yield* stranger.send("GET", path, { headers: { "if-none-match": headers.etag! } })
      assert.deepStrictEqual([answer.status, answer.body.error.code], [404, "guild.not_found"])
    })
  )

  it.effect("many at once share a statement, and each has its own answer", () =>
    Effect.gen(function* () {
      const [member, stranger] = [yield* openBrowser(), yield* openBrowser()]
      yield* member.signIn()
      yield* stranger.signIn(personas.newcomer.id)
      const path = `/api/v1/guilds/${seededGuild}/members`
      const tag = (yield* member.send("GET", path)).headers.etag!
      yield* query`update guild_memberships set updated_at = now()`
      const { texts } = yield* TestApp
      const before = texts.length
      const asks = Array.from({ length: 24 }, (_, n) => ({
        by: n % 3 === 0 ? stranger : member,
        at: n % 8 === 7 ? `/api/v1/guilds/${crypto.randomUUID()}/members` : path,
        known: n % 2 === 0 ? '"other"' : tag
      }))
      const answers = yield* Effect.forEach(
        asks,
        ({ by, at, known }) => by.send("GET", at, { headers: { "if-none-match": known } }),
        { concurrency: "unbounded" }
      )
      assert.isBelow(texts.length - before, 2 * asks.length)
      const { headers, body } = yield* member.send("GET", path)
      for (const [n, answer] of answers.entries()) {
        const { by, at } = asks[n]!
        if (by === stranger || at !== path) assert.strictEqual(answer.status, 404)
        else assert.deepStrictEqual([answer.status, answer.headers.etag, answer.body], [200, headers.etag, body])
      }
      const again = yield* Effect.forEach(
        [headers.etag!, tag, headers.etag!, '"other"'],
        (known) => member.send("GET", path, { headers: { "if-none-match": known } }),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(
        again.map(({ status }) => status),
        [304, 200, 304, 200]
      )
    })
  )
})
