import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { discordSimulator } from "../../../src/demo/simulators/Discord.ts"
import { personas } from "../../../src/demo/simulators/Personas.ts"
import type { Tokens } from "./discordRequests.ts"
import {
  redirectUri,
  agent,
  started,
  authorizeUrl,
  tokenUrl,
  exchangeFields,
  exchange,
  signIn,
  me
} from "./discordRequests.ts"
import { basic, bodyOf, client, form, request } from "./requests.ts"

const invalid = (error: string, error_description: string) => ({ error, error_description })

const badExchanges = [
  ["unknown code", { code: "other" }, invalid("invalid_grant", 'Invalid "code" in request.')],
  ["other redirect", { redirect_uri: "x" }, invalid("invalid_request", 'Invalid "redirect_uri" in request.')],
  ["short verifier", { code_verifier: "short" }, invalid("invalid_request", 'Invalid "code_verifier"')],
  ["wrong verifier", { code_verifier: "w".repeat(43) }, invalid("invalid_request", 'Invalid "code_verifier"')],
  ["no grant", { grant_type: "x" }, invalid("unsupported_grant_type", "Grant type x is not supported")]
] as const

it.live.each(badExchanges)("refuses an exchange: %s", ([, fields, expected]) =>
  Effect.gen(function* () {
    const sim = yield* started
    const { code } = yield* sim.authorize(authorizeUrl(sim), personas.admin.id)
    const answer = yield* exchange(sim, { ...exchangeFields(code), ...fields })
    assert.strictEqual(answer.status, 400)
    assert.deepStrictEqual(bodyOf(answer), expected)
  })
)

it.live("requires the verifier if and only if there was a challenge", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const { code_verifier: _, ...bare } = exchangeFields(
      (yield* sim.authorize(authorizeUrl(sim), "900000000000000001")).code
    )
    assert.deepStrictEqual(bodyOf(yield* exchange(sim, bare)), invalid("invalid_request", 'Missing "code_verifier"'))
    const plain = authorizeUrl(sim, { code_challenge: undefined, code_challenge_method: undefined })
    const one = yield* sim.authorize(plain, personas.admin.id)
    assert.strictEqual((yield* exchange(sim, { ...bare, code: one.code ?? "" })).status, 200)
    const other = yield* sim.authorize(plain, personas.admin.id)
    assert.strictEqual((yield* exchange(sim, exchangeFields(other.code))).status, 400)
  })
)

it.live("accepts a code once, and not after 100 s", () =>
  Effect.gen(function* () {
    let now = 0
    const sim = yield* discordSimulator({ ...client, redirectUris: [redirectUri], now: () => now })
    const first = exchangeFields((yield* sim.authorize(authorizeUrl(sim), personas.admin.id)).code)
    const both = yield* Effect.all([exchange(sim, first), exchange(sim, first)], { concurrency: 2 })
    assert.deepStrictEqual(both.map(({ status }) => status).toSorted(), [200, 400])
    const late = exchangeFields((yield* sim.authorize(authorizeUrl(sim), personas.admin.id)).code)
    now = 100_000
    assert.strictEqual((yield* exchange(sim, late)).status, 400)
  })
)

it.live("accepts client credentials in the form too, but not both ways at once", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const credentials = { client_id: client.clientId, client_secret: client.clientSecret }
    const post = (fields: Readonly<Record<string, string>>, headers = {}) =>
      request(tokenUrl(sim), form(fields, { ...agent, ...headers }))
    const code = Effect.map(sim.authorize(authorizeUrl(sim), personas.admin.id), ({ code }) => exchangeFields(code))
    assert.strictEqual((yield* post({ ...(yield* code), ...credentials })).status, 200)
    const twice = yield* post({ ...(yield* code), ...credentials }, basic())
    assert.deepInclude(bodyOf(twice), { error: "invalid_request" })
    for (const wrong of [yield* post(yield* code), yield* post(yield* code, basic("wrong"))]) {
      assert.strictEqual(wrong.status, 401)
      assert.deepStrictEqual(bodyOf(wrong), { error: "invalid_client" })
    }
  })
)

it.live("reads only forms", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const headers = { ...agent, ...basic(), "content-type": "application/json" }
    const answer = yield* request(tokenUrl(sim), { method: "POST", headers, body: `{"grant_type":"refresh_token"}` })
    assert.strictEqual(answer.status, 400)
    assert.deepStrictEqual(bodyOf(answer), invalid("unsupported_grant_type", "Grant type None is not supported"))
  })
)

it.live("rotates the refresh token", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const { refresh_token } = yield* signIn(sim)
    const refresh = exchange(sim, { grant_type: "refresh_token", refresh_token })
    const next = bodyOf(yield* refresh) as Tokens
    assert.strictEqual((yield* me(sim, next.access_token)).status, 200)
    const again = yield* refresh
    assert.deepStrictEqual(bodyOf(again), invalid("invalid_grant", 'Invalid "refresh_token" in request'))
  })
)

it.live("revokes all tokens of a user along with one of them", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const revoke = (token: string, headers: Readonly<Record<string, string>> = basic()) =>
      request(`${tokenUrl(sim)}/revoke`, form({ token }, { ...agent, ...headers }))
    const [one, two] = [yield* signIn(sim), yield* signIn(sim)]
    const foreign = yield* signIn(sim, personas.admin.id)
    assert.strictEqual((yield* revoke(one.refresh_token, {})).status, 401)
    const twice = form({ token: one.refresh_token, client_id: client.clientId }, { ...agent, ...basic() })
    assert.strictEqual((yield* request(`${tokenUrl(sim)}/revoke`, twice)).status, 400)
    const json = { method: "POST", body: JSON.stringify({ token: one.refresh_token }) }
    const asJson = { ...json, headers: { ...agent, ...basic(), "content-type": "application/json" } }
    assert.strictEqual((yield* request(`${tokenUrl(sim)}/revoke`, asJson)).status, 400)
    assert.strictEqual((yield* me(sim, two.access_token)).status, 200)
    assert.deepStrictEqual(bodyOf(yield* revoke(one.refresh_token)), {})
    assert.strictEqual((yield* me(sim, two.access_token)).status, 401)
    assert.strictEqual((yield* me(sim, foreign.access_token)).status, 200)
    assert.strictEqual((yield* revoke("unknown")).status, 200)
  })
)

it.live("refuses dead tokens and requests without a user agent", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const { access_token } = yield* signIn(sim)
    const blocked = yield* me(sim, access_token, { "user-agent": "node" })
    assert.strictEqual(blocked.status, 403)
    assert.include(blocked.headers.get("content-type") ?? "", "text/html")
    sim.dropTokens()
    const dead = yield* me(sim, access_token)
    assert.strictEqual(dead.status, 401)
    assert.deepStrictEqual(bodyOf(dead), { message: "401: Unauthorized", code: 0 })
  })
)

it.live("serves only the versioned paths", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const { status: unversioned } = yield* request(`${sim.url}/api/users/@me`, { headers: agent })
    const { status: unknown } = yield* request(`${sim.apiBaseUrl}/users/1`, { headers: agent })
    const { status: wrongMethod } = yield* request(tokenUrl(sim), { headers: agent })
    assert.deepStrictEqual([unversioned, unknown, wrongMethod], [404, 404, 405])
  })
)

it.live("answers ordered refusals in Discord's words", () =>
  Effect.gen(function* () {
    const sim = yield* started
    sim.fault({ kind: "status", status: 429, retryAfter: 65, path: "/users/@me" })
    const answer = yield* me(sim, "any")
    assert.strictEqual(answer.headers.get("retry-after"), "65")
    assert.deepStrictEqual(bodyOf(answer), {
      message: "You are being rate limited.",
      retry_after: 64.57,
      global: false
    })
  })
)
