import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { mmdb } from "../support/Mmdb.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"

const path = "/api/v1/auth/session"

const lisbon = { country: "PT", region: "11", city: "Lisbon" }
const tartu = { country: "EE", region: "79", city: "Tartu" }
const nowhere = { country: null, region: null, city: null }

const behindProxy = Layer.unwrap(
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "geoip-"))),
      (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
    ),
    (directory) => {
      const file = join(directory, "City.mmdb")
      writeFileSync(file, mmdb({ "81.2.69.0/24": lisbon, "2a02::/16": tartu, "10.0.0.0/8": tartu }))
      return TestApp.layer({ GEOIP_DATABASE_PATH: file, TRUSTED_PROXIES: "127.0.0.1/32" })
    }
  )
)

/** Signs in from the address that the proxy reports. */
const signInFrom = Effect.fnUntraced(function* (address: string, at?: string) {
  const browser = yield* openBrowser(at)
  const json = yield* browser.authorize(personas.raider.id)
  const headers = { "x-forwarded-for": address }
  const { status } = yield* browser.send("POST", "/api/v1/auth/discord/callback", { json, headers })
  assert.strictEqual(status, 204)
  return browser
})

layer(behindProxy, live)("locations of sessions", (it) => {
  it.effect("are those of the sign-in and of the latest activity", () =>
    Effect.gen(function* () {
      const { send } = yield* signInFrom("81.2.69.142")
      const ask = (address: string) =>
        Effect.map(send("GET", path, { headers: { "x-forwarded-for": address } }), ({ body }) => body.session)
      const first = yield* ask("2a02:1234::1")
      assert.deepInclude(first, { login_location: lisbon, current_location: lisbon })
      yield* query`update user_sessions set last_seen_at = now() - interval '6 minutes' where id = ${first.id}::uuid`
      yield* ask("2a02:1234::1")
      const moved = yield* ask("81.2.69.142")
      assert.deepInclude(moved, { login_location: lisbon, current_location: tartu })
      const { body } = yield* send("GET", "/api/v1/auth/sessions")
      assert.deepInclude(body.sessions[0], { id: first.id, login_location: lisbon, current_location: tartu })
      const [row] = yield* query`
        select host(login_ip_address) as login, host(current_ip_address) as current
        from user_sessions where id = ${first.id}::uuid`
      assert.deepStrictEqual(row, { login: "81.2.69.142", current: "2a02:1234::1" })
    })
  )

  it.effect.each(["10.1.2.3", "100.64.0.1", "198.51.100.7", "8.8.8.8", "garbage"])("are unknown for %s", (address) =>
    Effect.gen(function* () {
      const { client } = yield* signInFrom(address)
      const { session } = yield* client.sessions.current()
      assert.deepInclude(session, { login_location: nowhere, current_location: nowhere })
    })
  )

  it.effect("D13 are unknown when the file is missing or damaged, and everything else works", () =>
    Effect.gen(function* () {
      const { variables } = yield* TestApp
      const damaged = join(variables.GEOIP_DATABASE_PATH!, "..", "damaged.mmdb")
      writeFileSync(damaged, mmdb({ "81.2.69.0/24": lisbon }).fill(0xff, 0, 600))
      for (const file of ["/nowhere", "/", damaged]) {
        const url = yield* startReplica({ ...variables, GEOIP_DATABASE_PATH: file })
        const { client } = yield* signInFrom("81.2.69.142", url)
        assert.deepInclude((yield* client.sessions.current()).session, { login_location: nowhere })
      }
    })
  )
})
