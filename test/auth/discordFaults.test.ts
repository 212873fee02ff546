import { assert, layer } from "@effect/vitest"
import { Clock, Effect } from "effect"
import type { Fault } from "../../src/demo/simulators/Fault.ts"
import { personas, profileOf } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { environment } from "../support/environment.ts"
import { query } from "../support/query.ts"
import { live, simulatedProviders, startReplica, TestApp } from "../support/TestApp.ts"

const callback = "/api/v1/auth/discord/callback"

const faults: ReadonlyArray<{ fault: Fault; status: number }> = [
  { fault: { kind: "status", status: 400 }, status: 502 },
  { fault: { kind: "status", status: 401 }, status: 502 },
  { fault: { kind: "status", status: 429, retryAfter: 40 }, status: 503 },
  { fault: { kind: "status", status: 500, html: true }, status: 502 },
  { fault: { kind: "hang" }, status: 502 },
  { fault: { kind: "truncated" }, status: 502 },
  { fault: { kind: "garbage" }, status: 502 },
  { fault: { kind: "huge" }, status: 502 },
  { fault: { kind: "redirect" }, status: 502 },
  { fault: { kind: "drip", ms: 1000 }, status: 502 },
  { fault: { kind: "reset" }, status: 502 }
]

const stages = [
  { path: "/oauth2/token", code: "auth.discord_code_exchange_failed" },
  { path: "/users/@me", code: "auth.discord_profile_fetch_failed" }
]

layer(TestApp.layer(), live)("Discord's faults", (it) => {
  it.effect("A09 each is a mapped error within 6 s, at the exchange and at the profile, and creates no session", () =>
    Effect.gen(function* () {
      const { variables } = yield* TestApp
      const suffer = Effect.fnUntraced(function* ({ fault, status, path, code }: (typeof cases)[number]) {
        const { discord, ...providers } = yield* simulatedProviders
        const browser = yield* openBrowser(
          yield* startReplica({ ...variables, ...providers.variables }),
          undefined,
          discord
        )
        const json = yield* browser.authorize(personas.raider.id)
        discord.fault({ ...fault, path })
        const started = yield* Clock.currentTimeMillis
        const { body, setCookie, ...answer } = yield* browser.send("POST", callback, { json })
        const what = `${path} ${fault.kind} ${fault.status ?? ""}`
        assert.deepStrictEqual([answer.status, body.error.code], [status, code], what)
        assert.isBelow((yield* Clock.currentTimeMillis) - started, 6000, what)
        assert.strictEqual(setCookie, "", what)
        assert.lengthOf(discord.calls.to("/oauth2/token"), 1, what)
        assert.lengthOf(discord.calls.to("/redirected"), 0, what)
      })
      const cases = stages.flatMap((stage) => faults.map((fault) => ({ ...stage, ...fault })))
      yield* Effect.forEach(cases, suffer, { concurrency: "unbounded", discard: true })
      assert.deepStrictEqual(yield* query`select count(*)::int as n from user_sessions`, [{ n: 0 }])
    })
  )

  it.effect("A05 the exchange carries verifier, redirect URI and credentials, and is never retried", () =>
    Effect.gen(function* () {
      const { discord } = yield* TestApp
      const { authorize, send } = yield* openBrowser()
      const json = yield* authorize(personas.raider.id)
      discord.calls.reset()
      yield* send("POST", callback, { json })
      const [call, ...more] = discord.calls.to("/oauth2/token")
      assert.lengthOf(more, 0)
      assert.strictEqual(call!.authorization, "basic")
      assert.include(call!.body as object, {
        grant_type: "authorization_code",
        redirect_uri: environment.DISCORD_REDIRECT_URL
      })
      // The simulator refuses a verifier that does not match the challenge, so a sign-in proves that it does.
      assert.property(call!.body, "code_verifier")
    })
  )

  it.effect("a code that Discord does not know is refused with its own error", () =>
    Effect.gen(function* () {
      const { authorize, send } = yield* openBrowser()
      const { state } = yield* authorize(personas.raider.id)
      const { status, body } = yield* send("POST", callback, { json: { code: "never-issued", state } })
      assert.deepStrictEqual([status, body.error.code], [400, "auth.discord_code_rejected"])
      const again = yield* send("POST", callback, { json: { code: "never-issued", state } })
      assert.deepStrictEqual([again.status, again.body.error.code], [409, "auth.oauth_state_consumed"])
    })
  )

  it.effect("A10 a grant without identify is a 502", () =>
    Effect.gen(function* () {
      const { discord } = yield* TestApp
      const id = "900000000000000557"
      const profile = profileOf({ id, username: "narrow", globalName: null })
      discord.addPersona({ id, label: "Narrow", profile, scope: "guilds" })
      const { authorize, send } = yield* openBrowser()
      const { status, body } = yield* send("POST", callback, { json: yield* authorize(id) })
      assert.deepStrictEqual([status, body.error.code], [502, "auth.discord_code_exchange_failed"])
    })
  )
})
