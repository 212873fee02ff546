import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { openBrowser } from "../support/Browser.ts"
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
      const character = { params: { character_id: (yield* characterOf(browser, { wcl: "ranked" })).id } }
      assert.deepStrictEqual(
        {
          session: yield* counted(client.sessions.current()),
          csrf: yield* counted(client.sessions.csrf()),
          guilds: yield* counted(client.guilds.list()),
          guild: yield* counted(client.guilds.get({ params })),
          members: yield* counted(client.guilds.members({ params })),
          characters: yield* counted(client.guilds.characters({ params })),
          character: yield* counted(client.characters.get(character))
        },
        { session: 1, csrf: 1, guilds: 2, guild: 2, members: 2, characters: 2, character: 2 }
      )
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

  it.effect("one to begin a sign-in, three to finish it", () =>
    Effect.gen(function* () {
      const { authorize, client } = yield* openBrowser()
      assert.strictEqual(yield* counted(client.signIn.url()), 1)
      const payload = yield* authorize("900000000000000099")
      assert.strictEqual(yield* counted(client.signIn.callback({ payload })), 3)
    })
  )
})
