import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import type { Fault } from "../../src/demo/simulators/Fault.ts"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { Crypto } from "../../src/infra/Crypto.ts"
import { capturedLog } from "../support/capturedLog.ts"
import { environment } from "../support/environment.ts"
import { eventually } from "../support/eventually.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"
import { busyPerson, type BusyPerson, remove, search } from "./person.ts"

const crypto = Layer.provide(Crypto.layer, AppConfig.layerFrom(environment))
const revoke = "/oauth2/token/revoke"

/** What Discord answers to the stored access token; and again, whenever it is asked. */
const access = Effect.fnUntraced(function* (person: BusyPerson) {
  const { discord } = yield* TestApp
  const { open } = yield* Crypto
  const [row] = yield* query`select access_token_ciphertext as sealed from discord_oauth_tokens t
    join discord_identities i on i.id = t.discord_identity_id where i.user_id = ${person.id}::uuid`
  const authorization = `Bearer ${Redacted.value(yield* open(String(row!.sealed)))}`
  const headers = { authorization, "user-agent": "DiscordBot (http://app.test, 1)" }
  return Effect.promise(async () => (await fetch(`${discord.apiBaseUrl}/users/@me`, { headers })).status)
})

const faults: ReadonlyArray<Fault> = [
  { kind: "reset" },
  { kind: "hang" },
  { kind: "status", status: 401 },
  { kind: "status", status: 500, html: true },
  { kind: "status", status: 429, retryAfter: 1 }
]

const warning = "A deleted account's tokens were not revoked at Discord; they are erased here"

layer(Layer.merge(crypto, TestApp.layer({ TRUSTED_PROXIES: "127.0.0.1/32,::1/128" })), live)(
  "a deleted account at Discord",
  (it) => {
    it.effect("its tokens are revoked, as Discord wants it, and nobody else's", () =>
      Effect.gen(function* () {
        const { discord } = yield* TestApp
        const [person, other] = [yield* busyPerson, yield* busyPerson]
        const [theirs, others] = [yield* access(person), yield* access(other)]
        assert.strictEqual(yield* theirs, 200)
        discord.calls.reset()
        assert.strictEqual((yield* remove(person)).status, 200)
        assert.deepStrictEqual([yield* theirs, yield* others], [401, 200])
        const [call, ...more] = discord.calls.to(revoke)
        assert.deepInclude(call, { method: "POST", status: 200, authorization: "basic", body: { token: "[secret]" } })
        assert.match(String(call!.contentType), /^application\/x-www-form-urlencoded/)
        assert.lengthOf(more, 0)
      })
    )

    it.effect("what a refresh of the profile gets during the deletion is revoked, too", () =>
      Effect.gen(function* () {
        const { discord } = yield* TestApp
        const person = yield* busyPerson
        yield* query`with aged as (update discord_identities set last_profile_refresh_at = null
            where user_id = ${person.id}::uuid returning id)
          update discord_oauth_tokens t set expires_at = now() from aged where t.discord_identity_id = aged.id`
        discord.calls.reset()
        // Discord has renewed the tokens already while its answer is still on the way.
        discord.fault({ kind: "drip", ms: 4, path: /oauth2.token$/ })
        yield* person.send("GET", "/api/v1/auth/session")
        yield* eventually(
          Effect.sync(() => discord.calls.to("/oauth2/token")),
          (calls) => calls.length === 1
        )
        assert.strictEqual((yield* remove(person)).status, 200)
        discord.clearFaults()
        const revoked = yield* eventually(
          Effect.sync(() => discord.calls.to(revoke)),
          (calls) => calls.length === 2 && calls.every(({ status }) => status !== undefined)
        )
        assert.deepStrictEqual(
          revoked.map(({ status }) => status),
          [200, 200]
        )
        assert.deepStrictEqual(yield* search(person.texts), [])
      })
    )

    it.effect("to sign out revokes nothing there: other sessions go on", () =>
      Effect.gen(function* () {
        const { discord } = yield* TestApp
        const person = yield* busyPerson
        const theirs = yield* access(person)
        discord.calls.reset()
        assert.strictEqual((yield* person.send("POST", "/api/v1/auth/logout")).status, 204)
        assert.lengthOf(discord.calls.to(revoke), 0)
        assert.strictEqual(yield* theirs, 200)
      })
    )

    it.effect("nobody's tokens are revoked by a deletion that is refused", () =>
      Effect.gen(function* () {
        const { discord } = yield* TestApp
        const person = yield* busyPerson
        discord.calls.reset()
        assert.strictEqual((yield* remove({ ...person, username: "somebody" })).status, 422)
        assert.lengthOf(discord.calls.to(revoke), 0)
      })
    )

    it.effect("a token that no key opens any more is erased", () =>
      Effect.gen(function* () {
        const log = yield* capturedLog
        const person = yield* busyPerson
        yield* query`update discord_oauth_tokens t set refresh_token_ciphertext = 'v1:lost' from discord_identities i
          where i.id = t.discord_identity_id and i.user_id = ${person.id}::uuid`
        assert.strictEqual((yield* remove(person)).status, 200)
        assert.include(log.find((line) => line.includes(warning)) ?? "", "CannotOpen")
        assert.deepStrictEqual(yield* search(person.texts), [])
      })
    )

    it.effect("when Discord fails in any way the tokens are erased all the same, soon, and a line says so", () =>
      Effect.gen(function* () {
        const { discord } = yield* TestApp
        const log = yield* capturedLog
        for (const fault of faults) {
          const person = yield* busyPerson
          const what = `${fault.kind} ${fault.status ?? ""}`
          discord.fault({ ...fault, path: revoke })
          log.length = 0
          const begun = performance.now()
          assert.strictEqual((yield* remove(person)).status, 200, what)
          assert.isBelow(performance.now() - begun, 4000, what)
          discord.clearFaults()
          assert.deepStrictEqual(yield* search(person.texts), [], what)
          const told = log.filter((line) => line.includes(warning))
          assert.lengthOf(told, 1, what)
          assert.include(told[0], fault.status === 429 ? "DiscordRateLimited" : "DiscordUnavailable", what)
          assert.isFalse(log.some((line) => person.texts.some((text) => line.includes(text))))
        }
      })
    )
  }
)
