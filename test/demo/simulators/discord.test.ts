import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { discordSimulator } from "../../../src/demo/simulators/Discord.ts"
import { personas, profileOf } from "../../../src/demo/simulators/Personas.ts"
import type { Tokens } from "./discordRequests.ts"
import {
  redirectUri,
  verifier,
  started,
  authorizeUrl,
  exchangeFields,
  exchange,
  signIn,
  me
} from "./discordRequests.ts"
import { bodyOf, request, client } from "./requests.ts"

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

it.live("shows the personas on a page with a link to cancel", () =>
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

it.live.each(unsound)("refuses to begin a sign-in because of its %s", ([name, others]) =>
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

it.live("sends iss when told to", () =>
  Effect.gen(function* () {
    const sim = yield* discordSimulator({ ...client, redirectUris: [redirectUri], issuer: "https://discord.com" })
    const { url } = yield* sim.authorize(authorizeUrl(sim, { prompt: "none" }), personas.admin.id)
    assert.strictEqual(new URL(url).searchParams.get("iss"), "https://discord.com")
  })
)

it.live("lets tests add people", () =>
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
