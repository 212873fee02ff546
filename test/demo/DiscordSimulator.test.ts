import { createHash } from "node:crypto"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import type { DiscordSimulator } from "../../src/demo/sim/Discord.ts"
import { discordSimulator } from "../../src/demo/sim/Discord.ts"
import { personas, profileOf } from "../../src/demo/sim/Personas.ts"
import { basic, bodyOf, client, form, request } from "./simulatorRequests.ts"

const redirectUri = "http://localhost:4200/auth/discord/callback"
const verifier = "v".repeat(43)
const challenge = createHash("sha256").update(verifier).digest("base64url")
const agent = { "user-agent": "DiscordBot (https://example.org, 1.0)" }

const started = discordSimulator({ ...client, redirectUris: [redirectUri] })

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly token_type?: string
  readonly expires_in?: number
  readonly scope?: string
}

const authorizeUrl = (sim: DiscordSimulator, others: Readonly<Record<string, string | undefined>> = {}) => {
  const asked: Readonly<Record<string, string | undefined>> = {
    client_id: client.clientId,
    response_type: "code",
    redirect_uri: redirectUri,
    scope: "identify",
    state: "state-1",
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...others
  }
  const url = new URL(sim.authorizeUrl)
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) url.searchParams.set(name, value)
  return url.href
}

const tokenUrl = (sim: DiscordSimulator) => `${sim.apiBaseUrl}/oauth2/token`

const exchangeFields = (code: string | null) => ({
  grant_type: "authorization_code",
  code: code ?? "",
  redirect_uri: redirectUri,
  code_verifier: verifier
})

const exchange = (sim: DiscordSimulator, fields: Readonly<Record<string, string>>) =>
  request(tokenUrl(sim), form(fields, { ...agent, ...basic() }))

const signIn = Effect.fnUntraced(function* (sim: DiscordSimulator, id: string = personas.raider.id) {
  const { code } = yield* sim.authorize(authorizeUrl(sim), id)
  return bodyOf(yield* exchange(sim, exchangeFields(code))) as Tokens
})

const me = (sim: DiscordSimulator, token: string, headers: Readonly<Record<string, string>> = agent) =>
  request(`${sim.apiBaseUrl}/users/@me`, { headers: { authorization: `Bearer ${token}`, ...headers } })

it.live("signs a persona in", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const { code, state, error } = yield* sim.authorize(authorizeUrl(sim), personas.raider.id)
    assert.deepStrictEqual([state, error], ["state-1", null])
    const answer = yield* exchange(sim, exchangeFields(code))
    const tokens = bodyOf(answer) as Tokens
    assert.deepInclude(tokens, { token_type: "Bearer", expires_in: 604_800, scope: "identify" })
    assert.hasAllKeys(tokens, ["access_token", "token_type", "expires_in", "refresh_token", "scope"])
    const profile = yield* me(sim, tokens.access_token)
    assert.deepInclude(bodyOf(profile), { id: "900000000000000003", username: "cyra.sim", global_name: "Cyra" })
    assert.strictEqual(profile.headers.get("x-ratelimit-limit"), "5")
    const logged = JSON.stringify(sim.calls.all)
    for (const secret of [code ?? "", verifier, tokens.access_token, "state-1"]) assert.notInclude(logged, secret)
    assert.deepInclude(sim.calls.to("/oauth2/token")[0]?.body, { code_verifier: "[secret]", redirect_uri: redirectUri })
  })
)

it.live("has the profile's fields", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const { access_token } = yield* signIn(sim, personas.newcomer.id)
    const fields =
      "id username discriminator global_name avatar public_flags flags banner accent_color avatar_decoration_data " +
      "collectibles primary_guild mfa_enabled locale premium_type"
    assert.hasAllKeys(bodyOf(yield* me(sim, access_token)), fields.split(" "))
  })
)

it.live("shows the personas on a page that names nobody real", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const answer = yield* request(authorizeUrl(sim))
    assert.strictEqual(answer.status, 200)
    for (const { label } of Object.values(personas)) assert.include(answer.text, `Sign in as ${label}`)
    const [, link] = /href="([^"]+)">Cancel/.exec(answer.text) ?? []
    const cancelled = yield* request(sim.url + (link ?? "").replaceAll("&#38;", "&"))
    assert.strictEqual(
      cancelled.headers.get("location"),
      `${redirectUri}?error=access_denied&error_description=The+resource+owner+or+authorization+server+denied+the+request&state=state-1`
    )
  })
)

it.live("escapes what it shows", () =>
  Effect.gen(function* () {
    const sim = yield* started
    sim.addPersona({ id: "1", label: "<script>", profile: {} })
    const answer = yield* request(authorizeUrl(sim, { state: `"><script>` }))
    assert.notInclude(answer.text, "<script>")
  })
)

const unsound = [
  ["client_id", { client_id: "foreign" }],
  ["response_type", { response_type: "token" }],
  ["redirect_uri", { redirect_uri: `${redirectUri}/` }],
  ["scope", { scope: "identify email" }],
  ["state", { state: undefined }],
  ["prompt", { prompt: "login" }],
  ["code_challenge_method", { code_challenge_method: undefined }],
  ["code_challenge_method", { code_challenge_method: "plain" }],
  ["code_challenge", { code_challenge: "short" }],
  ["code_challenge", { code_challenge: undefined }],
  ["persona", { persona: "7" }]
] as const

it.live.each(unsound)("refuses to begin a sign-in over its %s", ([name, others]) =>
  Effect.gen(function* () {
    const sim = yield* started
    const answer = yield* request(authorizeUrl(sim, others))
    assert.strictEqual(answer.status, 400)
    assert.include(answer.text, name)
    assert.isNull(answer.headers.get("location"))
    const error = yield* Effect.flip(sim.authorize(authorizeUrl(sim, others), "7"))
    assert.include(error.message, "400")
  })
)

it.live("sends iss when it is to", () =>
  Effect.gen(function* () {
    const sim = yield* discordSimulator({ ...client, redirectUris: [redirectUri], issuer: "https://discord.com" })
    const { url } = yield* sim.authorize(authorizeUrl(sim, { prompt: "none" }), personas.admin.id)
    assert.strictEqual(new URL(url).searchParams.get("iss"), "https://discord.com")
  })
)

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

it.live("wants the verifier exactly when there was a challenge", () =>
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

it.live("takes a code once, and not after 100 s", () =>
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

it.live("knows its client by the form as well, by both ways never", () =>
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

it.live("reads forms alone", () =>
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

it.live("ends all tokens of a user with one of them", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const revoke = (token: string, headers: Readonly<Record<string, string>> = basic()) =>
      request(`${tokenUrl(sim)}/revoke`, form({ token }, { ...agent, ...headers }))
    const [one, two] = [yield* signIn(sim), yield* signIn(sim)]
    const foreign = yield* signIn(sim, personas.admin.id)
    assert.strictEqual((yield* revoke(one.refresh_token, {})).status, 401)
    assert.strictEqual((yield* me(sim, two.access_token)).status, 200)
    assert.deepStrictEqual(bodyOf(yield* revoke(one.refresh_token)), {})
    assert.strictEqual((yield* me(sim, two.access_token)).status, 401)
    assert.strictEqual((yield* me(sim, foreign.access_token)).status, 200)
    assert.strictEqual((yield* revoke("unknown")).status, 200)
  })
)

it.live("refuses dead bearers and nameless agents", () =>
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

it.live("serves the versioned paths alone", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const { status: unversioned } = yield* request(`${sim.url}/api/users/@me`, { headers: agent })
    const { status: unknown } = yield* request(`${sim.apiBaseUrl}/users/1`, { headers: agent })
    const { status: wrongMethod } = yield* request(tokenUrl(sim), { headers: agent })
    assert.deepStrictEqual([unversioned, unknown, wrongMethod], [404, 404, 405])
  })
)

it.live("lets tests invent people", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const odd = profileOf({ id: "42", username: "ünï ⚔️", globalName: null }, { flags: 2 ** 40, never_heard_of: [1] })
    sim.addPersona({ id: "42", label: "Odd", profile: odd })
    sim.addPersona({ id: "43", label: "Raw", profile: `{"id":"43","flags":90071992547409930}` })
    sim.addPersona({ id: "44", label: "Without identify", profile: odd, scope: "guilds" })
    assert.deepStrictEqual(bodyOf(yield* me(sim, (yield* signIn(sim, "42")).access_token)), odd)
    assert.include((yield* me(sim, (yield* signIn(sim, "43")).access_token)).text, "90071992547409930")
    const tokens = yield* signIn(sim, "44")
    assert.deepInclude(tokens, { scope: "guilds" })
    assert.strictEqual((yield* me(sim, tokens.access_token)).status, 403)
  })
)

it.live("words its refusals as Discord does when told to refuse", () =>
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
