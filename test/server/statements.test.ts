import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { finishedComposition } from "../composer/composing.ts"
import { keyed } from "../guilds/keyed.ts"
import { openBrowser } from "../support/Browser.ts"
import { eventually } from "../support/eventually.ts"
import { foundGuild, somebody } from "../support/people.ts"
import { plannedGuild, seat } from "../plans/planned.ts"
import { characterOf, seededGuild } from "../support/seeded.ts"
import { live, TestApp } from "../support/TestApp.ts"

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("SQL statements of a request", (it) => {
  const counted = Effect.fnUntraced(function* <A, E, R>(ask: Effect.Effect<A, E, R>) {
    const { statements } = yield* TestApp
    const before = statements()
    yield* ask
    return statements() - before
  })

  it.effect("one for the session, and one more for the data of a read", () =>
    Effect.gen(function* () {
      const browser = yield* openBrowser()
      yield* browser.signIn()
      const { client } = browser
      const params = { guild_id: seededGuild }
      const ruleset = "tbc-anniversary@1"
      const seating = { raids: [{ groups: [[{ class: "Mage", spec: "Frost" }]] }] }
      const character = { params: { character_id: (yield* characterOf(browser, { wcl: "ranked" })).id } }
      assert.deepStrictEqual(
        {
          session: yield* counted(client.sessions.current()),
          csrf: yield* counted(client.sessions.csrf()),
          guilds: yield* counted(client.guilds.list()),
          guild: yield* counted(client.guilds.get({ params })),
          members: yield* counted(client.guilds.members({ params })),
          characters: yield* counted(client.guilds.characters({ params })),
          character: yield* counted(client.characters.get(character)),
          roster: yield* counted(client.roster.get({ params })),
          exported: yield* counted(client.roster.export({ params, query: { format: "json" } })),
          history: yield* counted(client.roster.history({ params, query: {} })),
          gameVersion: yield* counted(browser.send("GET", "/api/v1/game-versions/classicann")),
          ruleset: yield* counted(browser.send("GET", `/api/v1/rulesets/${ruleset}`)),
          coverage: yield* counted(client.coverage.evaluate({ params: { ruleset }, payload: seating })),
          overrides: yield* counted(client.coverage.overrides({ params: { ...params, ruleset } }))
        },
        {
          session: 1,
          csrf: 1,
          guilds: 2,
          guild: 2,
          members: 2,
          characters: 2,
          character: 2,
          roster: 2,
          exported: 2,
          history: 2,
          gameVersion: 0,
          ruleset: 0,
          coverage: 1,
          overrides: 2
        }
      )
    })
  )

  it.effect("one for a guild's history besides the session, whether it has changed or not", () =>
    Effect.gen(function* () {
      const { admin, path } = yield* foundGuild()
      const { headers } = yield* admin.send("GET", `${path}/audit`)
      const again = { headers: { "if-none-match": headers.etag! } }
      assert.strictEqual(yield* counted(admin.send("GET", `${path}/audit`)), 2)
      assert.strictEqual(yield* counted(admin.send("GET", `${path}/audit`, again)), 2)
    })
  )

  it.effect("two for a change, three for a refresh, none without a session cookie", () =>
    Effect.gen(function* () {
      const browser = yield* openBrowser()
      assert.strictEqual(yield* counted(Effect.flip(browser.client.guilds.list())), 0)
      assert.strictEqual(yield* counted(browser.send("GET", "/api/v1/health")), 0)
      yield* browser.signIn()
      const payload = { name: "N", realm: "R", region: "eu", faction: "horde", game_version: "classic" }
      assert.strictEqual(yield* counted(browser.client.guilds.create({ payload })), 2)
      const character = { params: { character_id: (yield* characterOf(browser, { wcl: "ranked" })).id } }
      assert.strictEqual(yield* counted(browser.client.refreshes.battlenet(character)), 3)
      assert.strictEqual(yield* counted(browser.client.sessions.logout()), 2)
    })
  )

  it.effect(
    "three for a change of the roster, however much of it: the session, a read, a write; two for a dry run",
    () =>
      Effect.gen(function* () {
        const { admin, params, path } = yield* foundGuild()
        const players = [
          { name: "One", characters: [] },
          { name: "Two", characters: [] }
        ]
        const put = (query: string) =>
          counted(admin.send("PUT", `${path}/roster${query}`, { json: { players }, headers: { "if-match": "*" } }))
        assert.strictEqual(yield* put("?dry_run=true"), 2)
        assert.strictEqual(yield* put(""), 3)
        assert.strictEqual(yield* put(""), 2)
        const roster = (yield* admin.client.roster.get({ params })).roster
        const player = { ...params, player_id: roster.players[0]!.id }
        const mage = { region: "eu", server: "Spineshatter", class: "Mage", spec: "Frost" }
        const { client } = admin
        const counts = {
          note: yield* counted(client.roster.updatePlayer({ params: player, payload: { note: "away" } })),
          added: yield* counted(client.roster.addCharacter({ params: player, payload: { ...mage, name: "Counted" } })),
          own: yield* counted(client.ownCharacters.create({ payload: { ...mage, name: "Owned" } })),
          removed: yield* counted(client.roster.removePlayer({ params: player }))
        }
        assert.deepStrictEqual(counts, { note: 3, added: 3, own: 3, removed: 3 })
        const overrides = `${path}/ruleset-overrides/tbc-anniversary@1`
        const sent = { json: { values: { kings: { Rogue: 1 } } }, headers: { "if-match": "*" } }
        assert.strictEqual(yield* counted(admin.send("PUT", overrides, sent)), 3)
      })
  )

  it.effect("three to begin a refresh of a roster, two to read or cancel one, besides the job engine's", () =>
    Effect.gen(function* () {
      const { admin, path } = yield* foundGuild()
      const begin = admin.send("POST", `${path}/refreshes`, { json: {} })
      const { body } = yield* eventually(begin, ({ status }) => status === 202)
      const one = `${path}/refreshes/${body.refresh.id}`
      assert.deepStrictEqual(
        {
          begun: yield* counted(begin),
          list: yield* counted(admin.send("GET", `${path}/refreshes`)),
          get: yield* counted(admin.send("GET", one)),
          cancel: yield* counted(admin.send("DELETE", one))
        },
        { begun: 3, list: 2, get: 2, cancel: 2 }
      )
    })
  )

  it.effect("one more for a read of a plan, two more for a write of it, one for a link", () =>
    Effect.gen(function* () {
      const { admin, mains, url, path } = yield* plannedGuild(12)
      const cost = (method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", at: string, json?: unknown) =>
        counted(admin.send(method, at, { headers: { "if-match": "*" }, ...(json !== undefined && { json }) }))
      const raids = [
        { title: "Raid", size: 25, groups: [mains.slice(0, 5).map(({ entry_id }) => ({ entry_id }))], bench: [] }
      ]
      const { share } = (yield* admin.send("POST", `${url}/shares`)).body
      const guest = yield* openBrowser()
      const opened = () => counted(guest.send("GET", `/api/v1/shared-plans/${share.token}`))
      assert.deepStrictEqual(
        {
          put: yield* cost("PUT", url, { raids }),
          patch: yield* cost("PATCH", url, {
            ops: mains.slice(5).map((one, at) => seat(one, 0, 1 + (at % 4), Math.floor(at / 4)))
          }),
          restore: yield* cost("POST", `${url}/revisions/2/restore`),
          plan: yield* cost("GET", url),
          covered: yield* cost("GET", `${url}/coverage`),
          list: yield* cost("GET", `${path}/plans`),
          revisions: yield* cost("GET", `${url}/revisions`),
          revision: yield* cost("GET", `${url}/revisions/2`),
          diff: yield* cost("GET", `${url}/diff?from=1&to=3`),
          exported: yield* cost("GET", `${url}/export?format=text`),
          created: yield* cost("POST", `${path}/plans`, { title: "Plan", raids }),
          duplicated: yield* cost("POST", `${url}/duplicate`, {}),
          shares: yield* cost("GET", `${url}/shares`),
          shared: yield* cost("POST", `${url}/shares`),
          opened: yield* opened(),
          openedAgain: yield* opened(),
          revoked: yield* cost("DELETE", `${url}/shares/${share.id}`),
          stale: yield* counted(
            admin.send("PATCH", url, { json: { ops: [{ op: "set_raid", raid: 0 }] }, headers: { "if-match": '"1"' } })
          ),
          removed: yield* cost("DELETE", url)
        },
        {
          put: 3,
          patch: 3,
          restore: 3,
          plan: 2,
          covered: 2,
          list: 2,
          revisions: 2,
          revision: 2,
          diff: 2,
          exported: 2,
          created: 3,
          duplicated: 3,
          shares: 2,
          shared: 2,
          // The first use of a link in five minutes is noted.
          opened: 2,
          openedAgain: 1,
          revoked: 2,
          stale: 2,
          removed: 3
        }
      )
    })
  )

  it.effect(
    "two to begin a composition, two to stop or accept one, one to read or compare one, besides the session's",
    () =>
      Effect.gen(function* () {
        const { admin, url, plan, mains } = yield* plannedGuild(12)
        const cost = (method: "GET" | "POST" | "DELETE", at: string, json?: unknown) =>
          counted(admin.send(method, at, { headers: { "if-match": "*" }, ...(json !== undefined && { json }) }))
        const one = `${url}/compositions/${yield* finishedComposition(plan)}`
        assert.deepStrictEqual(
          {
            begun: yield* cost("POST", `${url}/compose`, { seconds: 1 }),
            whyNot: yield* cost("POST", `${one}/why-not`, { entry_id: mains[0].entry_id, raid: 0 }),
            list: yield* cost("GET", `${url}/compositions`),
            get: yield* cost("GET", one),
            compared: yield* cost("GET", `${one}/compare?with=plan`),
            stopped: yield* cost("DELETE", one),
            accepted: yield* cost("POST", `${one}/accept`)
          },
          { begun: 3, whyNot: 3, list: 2, get: 2, compared: 2, stopped: 3, accepted: 3 }
        )
      })
  )

  it.effect("two to export one's own data, two to delete one's account", () =>
    Effect.gen(function* () {
      const { client } = yield* somebody()
      const { user } = yield* client.sessions.current()
      assert.strictEqual(yield* counted(client.account.export()), 2)
      assert.strictEqual(yield* counted(client.account.remove({ payload: { confirm: user.discord.username } })), 2)
    })
  )

  it.effect(
    "one for a key, and one more for its first use in a minute; two to make or revoke one, besides the session's",
    () =>
      Effect.gen(function* () {
        const { admin, path } = yield* foundGuild()
        const { key, call, revoke } = yield* keyed(admin, path)
        const json = { name: "Bot", scopes: key.scopes }
        assert.deepStrictEqual(
          {
            first: yield* counted(call("GET", `${path}/roster`)),
            read: yield* counted(call("GET", `${path}/plans`)),
            written: yield* counted(call("POST", `${path}/players`, { json: { name: "Aldra" } })),
            refused: yield* counted(call("GET", path)),
            unknown: yield* counted(call("GET", path, { headers: { authorization: "Bearer x" } })),
            list: yield* counted(admin.send("GET", `${path}/keys`)),
            made: yield* counted(admin.send("POST", `${path}/keys`, { json })),
            revoked: yield* counted(revoke)
          },
          { first: 3, read: 2, written: 3, refused: 1, unknown: 0, list: 2, made: 3, revoked: 3 }
        )
      })
  )

  it.effect("one to begin a sign-in, three to finish it", () =>
    Effect.gen(function* () {
      const { authorize, client } = yield* openBrowser()
      assert.strictEqual(yield* counted(client.signIn.url({ query: {} })), 1)
      const payload = yield* authorize("900000000000000099")
      assert.strictEqual(yield* counted(client.signIn.callback({ payload })), 3)
    })
  )
})
