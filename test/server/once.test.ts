import crypto from "node:crypto"
import { syncBuiltinESMExports } from "node:module"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { vi } from "vitest"
import { parseCookies } from "../../src/auth/CookieHeader.ts"
import { routeOf } from "../../src/server/RouteTable.ts"
import { openBrowser } from "../support/Browser.ts"
import { live, TestApp } from "../support/TestApp.ts"

vi.mock("../../src/auth/CookieHeader.ts", { spy: true })
vi.mock("../../src/server/RouteTable.ts", { spy: true })

/** Counts what named imports of `node:crypto` call, too. */
const hmacs = vi.spyOn(crypto, "createHmac")
syncBuiltinESMExports()

layer(TestApp.layer(), live)("work done for a request", (it) => {
  const counted = Effect.fnUntraced(function* <A, E, R>(ask: Effect.Effect<A, E, R>) {
    const spies = [hmacs, vi.mocked(parseCookies), vi.mocked(routeOf)]
    spies.forEach((spy) => spy.mockClear())
    yield* ask
    const [hmac, cookies, routes] = spies.map((spy) => spy.mock.calls.length)
    return { hmac, cookies, routes }
  })

  it.effect("one HMAC, one reading of the cookies and one look-up of the route", () =>
    Effect.gen(function* () {
      const { client, signIn } = yield* openBrowser()
      yield* signIn()
      // Connecting to PostgreSQL takes some HMACs, too.
      yield* client.sessions.current()
      // The second tells whether the CSRF cookie is the session's.
      assert.deepStrictEqual(yield* counted(client.sessions.current()), { hmac: 2, cookies: 1, routes: 1 })
      assert.deepStrictEqual(yield* counted(client.guilds.list()), { hmac: 1, cookies: 1, routes: 1 })
      assert.deepStrictEqual(yield* counted(client.health.app()), { hmac: 0, cookies: 0, routes: 1 })
    })
  )

  it.effect("no HMAC without a session cookie, and one more for the token of a change", () =>
    Effect.gen(function* () {
      const { client, signIn } = yield* openBrowser()
      assert.deepStrictEqual(yield* counted(client.signIn.url({ query: {} })), { hmac: 3, cookies: 1, routes: 1 })
      yield* signIn()
      yield* client.sessions.current()
      const payload = { name: "N", realm: "R", region: "eu", faction: "horde", game_version: "classic" }
      assert.deepStrictEqual(yield* counted(client.guilds.create({ payload })), { hmac: 2, cookies: 1, routes: 1 })
    })
  )
})
