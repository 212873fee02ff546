import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SweepRepo } from "../../src/auth/SweepRepo.ts"
import { cookieOf, listen } from "../streams/listen.ts"
import { capturedLog } from "../support/capturedLog.ts"
import { database } from "../support/database.ts"
import { foundGuild } from "../support/people.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"
import { openBrowser } from "../support/Browser.ts"
import { busyPerson, remove, search, searchRedis } from "./person.ts"

/** What only the service may know: it is stored, but not exported. */
const hidden = new Set(
  (
    "token_hash csrf_token_hash previous_token_hash state_hash browser_hash access_token_ciphertext " +
    "refresh_token_ciphertext code realm_slug name_key twin discord_identity_id live_entry_id live_guild_id"
  ).split(" ")
)
/** What is the guild's, of a plan that the person wrote, of the seat that they have in it, of a refresh and a composition. */
const ofPlans = new Set(
  `sequence number ruleset revision guild_id size group slot class rank doubled problem seats parts why stage value bound
  proof ended_by stop_asked beat_at`.split(/\s+/)
)

const sectionOf: Readonly<Record<string, string>> = {
  user_sessions: "sessions",
  oauth_states: "sign_ins",
  guild_memberships: "memberships",
  guild_invites: "invites",
  roster_players: "players",
  roster_changes: "roster_changes",
  characters: "characters",
  plans: "plans",
  plan_revisions: "plan_revisions",
  plan_seats: "plan_seats",
  plan_shares: "plan_links",
  guild_keys: "keys",
  guild_ruleset_overrides: "ruleset_values",
  guild_refreshes: "refreshes",
  plan_compositions: "compositions",
  security_audit_events: "events"
}

const single: Readonly<Record<string, string>> = {
  users: "user",
  discord_identities: "identity",
  discord_profiles: "profile",
  discord_oauth_tokens: "access"
}

type Row = Readonly<Record<string, unknown>>

const keyOf = (row: Row) =>
  String(row.id ?? `${String(row.plan_id ?? row.guild_id)} ${String(row.entry_id ?? row.revision)}`)

layer(TestApp.layer({ TRUSTED_PROXIES: "127.0.0.1/32,::1/128" }), live)("one's own data", (it) => {
  it.effect("the export has every row in which the person stands, column by column, and no secret", () =>
    Effect.gen(function* () {
      const person = yield* busyPerson
      const found = yield* search([...person.texts])
      const { status, headers, body } = yield* person.send("GET", "/api/v1/account/export")
      assert.strictEqual(status, 200)
      assert.match(headers["content-disposition"]!, /^attachment/)
      assert.strictEqual(headers["cache-control"], "no-store")
      const tables = new Set(found.map(({ table }) => table))
      assert.sameMembers([...tables], [...Object.keys(single), ...Object.keys(sectionOf)])
      for (const { table, row } of found) {
        const told: Row | undefined =
          table in single ? body[single[table]!] : body[sectionOf[table]!].find((one: Row) => keyOf(one) === keyOf(row))
        assert.isDefined(told, `${table} ${keyOf(row)}`)
        if (table in single) assert.strictEqual(told!.id, row.id)
        for (const [column, value] of Object.entries(row)) {
          if (hidden.has(column) || value === null || (/^plan|_refreshes$/.test(table) && ofPlans.has(column))) continue
          const mine = typeof value === "string" && person.texts.includes(value)
          if (mine) assert.strictEqual(told![column], value, `${table}.${column}`)
          else assert.property(told, column, table)
        }
      }
      // And nothing that the search does not find, but for changes of the players that it finds.
      const players = new Set(body.players.map(keyOf))
      for (const [table, section] of Object.entries(sectionOf)) {
        const keys = new Set(found.filter((one) => one.table === table).map(({ row }) => keyOf(row)))
        const told: ReadonlyArray<Row> = body[section]
        assert.strictEqual(new Set(told.map(keyOf)).size, told.length, section)
        for (const row of told)
          if (section !== "roster_changes" || !players.has(row.player_id)) assert.isTrue(keys.has(keyOf(row)), section)
      }
      const hashes =
        yield* query`select token_hash, csrf_token_hash from user_sessions where user_id = ${person.id}::uuid`
      for (const { token_hash, csrf_token_hash } of hashes)
        for (const one of [token_hash, csrf_token_hash]) assert.notInclude(JSON.stringify(body), String(one))
      const [event] = yield* query`select event_type from security_audit_events where user_id = ${person.id}::uuid
        order by created_at desc limit 1`
      assert.strictEqual(event!.event_type, "account_exported")
    })
  )

  it.effect("deletion leaves nothing of the person in the database, Redis and the log but events without a name", () =>
    Effect.gen(function* () {
      const log = yield* capturedLog
      const person = yield* busyPerson
      const sessions =
        yield* query`select id, left(token_hash, 16) as name from user_sessions where user_id = ${person.id}::uuid`
      const texts = [...person.texts, ...sessions.flatMap(({ id, name }) => [String(id), String(name)])]
      assert.isAbove((yield* search(texts)).length, 20)
      const [before] =
        yield* query`select count(*)::int as n from security_audit_events where user_id = ${person.id}::uuid`

      const wrong = yield* person.send("DELETE", "/api/v1/account", { json: { confirm: "somebody" } })
      assert.deepStrictEqual([wrong.status, wrong.body.error.code], [422, "account.confirmation_mismatch"])
      const { status, body, setCookie } = yield* remove(person)
      assert.strictEqual(status, 200, JSON.stringify(body))
      const days = (Date.parse(body.events_until) - Date.now()) / 86_400_000
      assert.approximately(days, 365, 0.1)
      assert.match(setCookie, /^session=;/m)

      assert.deepStrictEqual(yield* search(texts), [])
      // Counts by address end by themselves, within a minute.
      for (const key of yield* searchRedis(texts)) assert.match(key, /:limit:[a-z-]+:203\.0\.113\.\d+$/)
      assert.deepStrictEqual(
        log.filter((line) => texts.some((text) => line.includes(text))),
        []
      )

      const kept = yield* query`select e.user_pseudonym, e.event_type, e.ip_address, e.user_agent, e.session_id,
          e.kept_until <= ${body.events_until}::text::timestamptz + interval '1 ms' as ends
        from security_audit_events e where user_pseudonym = (select user_pseudonym from security_audit_events
          where event_type = 'account_deleted' order by created_at desc limit 1)`
      assert.lengthOf(kept, Number(before!.n) + 1)
      for (const { ip_address, user_agent, session_id, ends } of kept)
        assert.deepStrictEqual([ip_address, user_agent, session_id, ends], [null, null, null, true])

      const { roster } = (yield* person.admin.send("GET", `${person.path}/roster`)).body
      const freed = roster.players.find(({ id }: Row) => id === person.player.id)
      assert.match(freed.name, /^Player [0-9a-f]{8}$/)
      assert.deepStrictEqual([freed.discord_user_id, freed.user_id, freed.status], [null, null, "inactive"])
      assert.strictEqual(freed.characters[0].id, person.character.id)
      assert.include(JSON.stringify(roster), person.made.name)
      const { plan } = (yield* person.admin.send("GET", `/api/v1/plans/${person.plan}`)).body
      assert.strictEqual(plan.raids[0].groups[0][0].player.name, freed.name)
      assert.deepStrictEqual([plan.created_by, plan.updated_by], [null, null])

      assert.strictEqual((yield* person.send("GET", "/api/v1/auth/session")).status, 401)
      assert.strictEqual((yield* person.signIn).status, 204)
      const again = (yield* person.send("GET", "/api/v1/auth/session")).body.user
      assert.notStrictEqual(again.id, person.id)
      assert.deepStrictEqual((yield* person.send("GET", "/api/v1/guilds")).body.guilds, [])
      assert.deepStrictEqual((yield* person.send("GET", "/api/v1/account/export")).body.characters, [])
    })
  )

  it.effect("the last admin is told which guilds need another one, and keeps everything", () =>
    Effect.gen(function* () {
      const person = yield* busyPerson
      yield* person.admin.send("DELETE", `${person.path}/members/${person.admin.id}`)
      const before = yield* search(person.texts)
      const { status, body } = yield* remove(person)
      assert.deepStrictEqual([status, body.error.code], [409, "account.last_admin"])
      assert.deepStrictEqual(body.error.details, { guilds: [{ id: person.guild.id, name: person.guild.name }] })
      assert.deepStrictEqual(yield* search(person.texts), before)
    })
  )

  it.effect(
    "a name that an officer typed stays; the history forgets the other names, and links that were taken off",
    () =>
      Effect.gen(function* () {
        const person = yield* busyPerson
        const edit = (player: string, json: unknown) =>
          person.admin.send("PATCH", `${person.path}/players/${player}`, { json })
        assert.strictEqual((yield* edit(person.player.id, { name: "Tank One" })).status, 200)
        // Without their Discord ids both would have one name.
        assert.strictEqual((yield* edit(person.made.id, { name: "Tank One" })).status, 200)
        const json = { name: "Stranger", discord_user_id: person.discordId }
        const elsewhere = yield* foundGuild()
        const held = yield* elsewhere.admin.send("POST", `${elsewhere.path}/players`, { json })
        assert.strictEqual(held.status, 201)
        const gone = yield* foundGuild()
        const removed = (yield* gone.admin.send("POST", `${gone.path}/players`, { json })).body.player
        yield* gone.admin.send("PATCH", `${gone.path}/players/${removed.id}`, { json: { discord_user_id: null } })
        yield* gone.admin.send("DELETE", `${gone.path}/players/${removed.id}`)
        assert.strictEqual((yield* remove(person)).status, 200)
        assert.deepStrictEqual(yield* search(person.texts), [])
        const { players } = (yield* person.admin.send("GET", `${person.path}/roster`)).body.roster
        const names = players.map(({ name }: { readonly name: string }) => name)
        assert.include(names, "Tank One")
        assert.isTrue(names.some((name: string) => /^Tank One [0-9a-f]{8}$/.test(name)))
        const kept = (yield* elsewhere.admin.send("GET", `${elsewhere.path}/roster`)).body.roster.players
        const stranger = kept.find(({ id }: Row) => id === held.body.player.id)
        assert.deepStrictEqual([stranger.name, stranger.discord_user_id], ["Stranger", null])
      })
  )

  it.effect("what the person listens to ends, and events without a name end when it was told", () =>
    Effect.gen(function* () {
      const person = yield* busyPerson
      const stream = yield* listen(`${person.url}/api/v1/plans/${person.plan}/events`, yield* cookieOf(person))
      yield* stream.has("revision")
      const { body } = yield* remove(person)
      assert.strictEqual(yield* stream.ended, "ended")
      const [{ pseudonym }] = (yield* query`update security_audit_events set kept_until = now() - interval '1 second'
        where user_pseudonym = (select user_pseudonym from security_audit_events where event_type = 'account_deleted'
          and kept_until = (select max(kept_until) from security_audit_events where event_type = 'account_deleted'))
        returning user_pseudonym as pseudonym`) as unknown as [{ pseudonym: string }]
      assert.isString(body.events_until)
      yield* Effect.provide(
        Effect.flatMap(SweepRepo, ({ remove }) => remove("nameless_events", 0, 1000)),
        SweepRepo.layer.pipe(Layer.provide(database))
      )
      const left = yield* query`select id from security_audit_events where user_pseudonym = ${pseudonym}::uuid`
      assert.deepStrictEqual(left, [])
    })
  )

  it.effect("of 16 deletions at once on two replicas one wins, the others find nobody", () =>
    Effect.gen(function* () {
      const { variables } = yield* TestApp
      const person = yield* busyPerson
      const far = yield* openBrowser(yield* startReplica(variables), person.jar)
      const json = { confirm: person.username }
      const answers = yield* Effect.forEach(
        Array.from({ length: 16 }, (_, n) => (n % 2 === 0 ? person : far)),
        (at) => at.send("DELETE", "/api/v1/account", { json }),
        { concurrency: "unbounded" }
      )
      const statuses = answers.map(({ status }) => status).toSorted()
      assert.deepStrictEqual(statuses, [200, ...Array.from({ length: 15 }, () => 401)])
      assert.deepStrictEqual(yield* search([person.id, person.discordId, person.username]), [])
    })
  )

  it.effect(
    "deletion amid the person's own requests: nothing of them is left, and nothing fails but by a code",
    () =>
      Effect.gen(function* () {
        let deleted = 0
        for (let round = 0; round < 16; round += 1) {
          const person = yield* busyPerson
          const code = yield* (yield* foundGuild()).invite
          const requests = [
            person.send("POST", `/api/v1/guild-invites/${code}/accept`),
            person.send("PATCH", `/api/v1/plans/${person.plan}`, {
              json: { ops: [{ op: "set_raid", raid: 0, title: `Raid ${round}` }] },
              headers: { "if-match": "*" }
            }),
            person.send("POST", `${person.path}/plans`, {
              json: { title: "New", raids: [{ title: "Raid", size: 10 }] }
            }),
            person.send("PATCH", `/api/v1/characters/${person.character.id}`, { json: { spec: "Fire" } }),
            person.send("POST", `${person.path}/refreshes`, { json: {} }),
            person.send("POST", `/api/v1/plans/${person.plan}/compose`, { json: { seconds: 1 } }),
            // The founder of a guild is its last admin, and stays.
            ...(round % 4 === 0
              ? [
                  person.send("POST", "/api/v1/guilds", {
                    json: { name: "New", realm: "R", region: "eu", faction: "horde", game_version: "classic" }
                  })
                ]
              : []),
            person.admin.send("PATCH", `${person.path}/members/${person.id}`, { json: { role: "officer" } }),
            person.signIn
          ]
          const at = round % requests.length
          const all = [...requests.slice(0, at), remove(person), ...requests.slice(at)]
          const answers = yield* Effect.all(all, { concurrency: "unbounded" })
          for (const { status, body } of answers) {
            // The tokens of whoever signs in at this moment may be revoked with the others.
            if (body.error?.code === "auth.discord_profile_fetch_failed") continue
            assert.include([200, 201, 202, 204, 401, 403, 404, 409, 429, 503], status, JSON.stringify(body))
          }
          // A guild that was just founded has no other admin; else the account is gone, or signed in anew.
          const [left] = yield* query`select u.id from users u where u.id = ${person.id}::uuid`
          if (left === undefined) assert.deepStrictEqual(yield* search([person.id]), [])
          if (left === undefined) deleted += 1
          const [lonely] = yield* query`select count(*)::int as n from guilds g where deleted_at is null
          and not exists (select from live_members m where m.guild_id = g.id and m.role = 'admin')`
          assert.strictEqual(lonely!.n, 0)
        }
        assert.isAbove(deleted, 4)
      }),
    60_000
  )
})
