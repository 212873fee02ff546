import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Metric, Redacted, Schedule } from "effect"
import { PrometheusMetrics } from "effect/observability"
import type { DiscordOptions } from "../../src/demo/simulators/Discord.ts"
import { discordSimulator } from "../../src/demo/simulators/Discord.ts"
import type { Fault } from "../../src/demo/simulators/Fault.ts"
import { personas, profileOf } from "../../src/demo/simulators/Personas.ts"
import { Metered } from "../../src/infra/Metrics.ts"
import { textOf } from "../containers/Dockerfile.ts"
import { credentials, discordClient, faults, inTime, redirectUrl, withLog } from "../infra/providers.ts"

const verifier = "v".repeat(64)
const challenge = createHash("sha256").update(verifier).digest("base64url")

const start = Effect.fnUntraced(function* (options: Partial<DiscordOptions> = {}) {
  const sim = yield* discordSimulator({ ...credentials, redirectUris: [redirectUrl], ...options })
  const client = yield* discordClient({ DISCORD_API_BASE_URL: sim.apiBaseUrl })
  const grant = Effect.fnUntraced(function* (persona: string = personas.admin.id) {
    const url = new URL(sim.authorizeUrl)
    const parameters = {
      client_id: credentials.clientId,
      response_type: "code",
      redirect_uri: redirectUrl,
      scope: "identify",
      state: "state",
      code_challenge: challenge,
      code_challenge_method: "S256"
    }
    for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, value)
    const { code } = yield* sim.authorize(url.href, persona)
    return { code: code ?? "", verifier: Redacted.make(verifier) }
  })
  return { sim, client, grant }
})

/** Signs in with a fault on one of the two endpoints. */
const signInWith = Effect.fnUntraced(function* (path: "/oauth2/token" | "/users/@me", fault: Fault) {
  const { sim, client, grant } = yield* start()
  const given = yield* grant()
  sim.calls.reset()
  sim.fault({ ...fault, path })
  const signIn = Effect.flatMap(client.exchangeCode(given), ({ accessToken }) => client.currentUser(accessToken))
  const error = yield* inTime(Effect.flip(signIn))
  return { error, sim, given, client }
}, Effect.scoped)

const statuses = [
  { path: "/oauth2/token", fault: { kind: "status", status: 401 }, reason: "credentials refused" },
  { path: "/oauth2/token", fault: { kind: "status", status: 403, html: true }, reason: "status 403" },
  { path: "/users/@me", fault: { kind: "status", status: 403 }, reason: "status 403" }
] as const

describe("DiscordClient", { concurrent: true }, () => {
  it.live("signs in, and sends what Discord requires", () =>
    Effect.gen(function* () {
      const { sim, client, grant } = yield* start()
      const tokens = yield* client.exchangeCode(yield* grant())
      assert.deepInclude(tokens, { tokenType: "Bearer", scope: "identify", expiresIn: 604_800 })
      const profile = yield* client.currentUser(tokens.accessToken)
      assert.deepInclude(profile, { id: personas.admin.id, username: "aldra.sim", global_name: "Aldra", bot: null })
      const [exchange] = sim.calls.to("/oauth2/token")
      const userAgent = `DiscordBot (http://app.test:4200, ${JSON.parse(textOf("package.json")).version})`
      assert.deepInclude(exchange, { authorization: "basic", userAgent })
      assert.deepEqual(exchange?.body, {
        grant_type: "authorization_code",
        code: "[secret]",
        code_verifier: "[secret]",
        redirect_uri: redirectUrl
      })
    })
  )

  it.live("rotates tokens, and recognises a dead one", () =>
    Effect.gen(function* () {
      const { sim, client, grant } = yield* start()
      const first = yield* client.exchangeCode(yield* grant())
      const old = first.refreshToken ?? assert.fail("no refresh token")
      const second = yield* client.refreshToken(old)
      assert.notStrictEqual(Redacted.value(second.accessToken), Redacted.value(first.accessToken))
      assert.strictEqual((yield* Effect.flip(client.refreshToken(old)))._tag, "DiscordTokenRejected")
      sim.dropTokens()
      assert.strictEqual((yield* Effect.flip(client.currentUser(second.accessToken)))._tag, "DiscordTokenRejected")
    })
  )

  it.live("distinguishes a used code from a wrong verifier", () =>
    Effect.gen(function* () {
      const { client, grant } = yield* start()
      const used = yield* grant()
      yield* client.exchangeCode(used)
      assert.strictEqual((yield* Effect.flip(client.exchangeCode(used)))._tag, "DiscordCodeRejected")
      const wrong = { ...(yield* grant()), verifier: Redacted.make("w".repeat(64)) }
      assert.deepInclude(yield* Effect.flip(client.exchangeCode(wrong)), { stage: "exchange", reason: "status 400" })
    }).pipe(withLog)
  )

  it.live("knows a rejected code and refresh token in Discord's older words, too", () =>
    Effect.gen(function* () {
      const { client, grant } = yield* start({ olderRefusals: true })
      const used = yield* grant()
      const { refreshToken } = yield* client.exchangeCode(used)
      assert.strictEqual((yield* Effect.flip(client.exchangeCode(used)))._tag, "DiscordCodeRejected")
      const spent = refreshToken ?? assert.fail("no refresh token")
      yield* client.refreshToken(spent)
      assert.strictEqual((yield* Effect.flip(client.refreshToken(spent)))._tag, "DiscordTokenRejected")
      const wrong = { ...(yield* grant()), verifier: Redacted.make("w".repeat(64)) }
      assert.deepInclude(yield* Effect.flip(client.exchangeCode(wrong)), { stage: "exchange", reason: "status 400" })
    }).pipe(withLog)
  )

  it.live("requires the scope identify", () =>
    Effect.gen(function* () {
      const shy = { ...personas.raider, id: "900000000000000555", scope: "guilds" }
      const { client, grant } = yield* start({ personas: [shy] })
      assert.deepInclude(yield* Effect.flip(client.exchangeCode(yield* grant(shy.id))), { reason: "scope" })
    }).pipe(withLog)
  )

  const odd = { id: "900000000000000777", username: null as unknown as string, globalName: null }
  it.live("accepts a profile with nulls, emoji, big numbers, wrong types and NUL", () =>
    Effect.gen(function* () {
      const profile = profileOf(odd, {
        discriminator: null,
        global_name: "\u0000Ünï⚔️\ud800",
        flags: 2 ** 40,
        public_flags: 2 ** 60,
        accent_color: "red",
        bot: "yes",
        collectibles: { nameplate: { label: "a\u0000b", sku_id: 2 ** 33 } },
        primary_guild: ["no", "object"],
        surprise: { deep: [1, 2, 3] }
      })
      const { client, grant } = yield* start({ personas: [{ id: odd.id, label: "odd", profile }] })
      const { accessToken } = yield* client.exchangeCode(yield* grant(odd.id))
      const read = yield* client.currentUser(accessToken)
      assert.deepInclude(read, {
        username: odd.id,
        discriminator: null,
        global_name: "Ünï⚔️\ufffd",
        flags: 2 ** 40,
        public_flags: null,
        accent_color: null,
        bot: null,
        collectibles: { nameplate: { label: "ab", sku_id: 2 ** 33 } },
        primary_guild: null,
        verified: null
      })
      assert.notProperty(read, "surprise")
    }).pipe(withLog)
  )

  it.live("refuses a profile without a numeric id", () =>
    Effect.forEach([`{"id":7}`, `{"id":"abc"}`, `{"id":"123456789012345678901"}`, `null`, `[]`], (profile) =>
      Effect.gen(function* () {
        const { client, grant } = yield* start({ personas: [{ id: odd.id, label: "odd", profile }] })
        const { accessToken } = yield* client.exchangeCode(yield* grant(odd.id))
        const error = yield* Effect.flip(client.currentUser(accessToken))
        assert.deepInclude(error, { _tag: "DiscordUnavailable", stage: "profile", reason: "not understood" })
      })
    ).pipe(withLog)
  )

  it.live("replaces values that are nested too deeply by null", () =>
    Effect.gen(function* () {
      const profile = `{"id":"${odd.id}","username":"deep","collectibles":{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}}`
      const { client, grant } = yield* start({ personas: [{ id: odd.id, label: "odd", profile }] })
      const { accessToken } = yield* client.exchangeCode(yield* grant(odd.id))
      assert.deepInclude(yield* client.currentUser(accessToken), { username: "deep", collectibles: null })
    })
  )

  it.live("maps every fault within six seconds, asks once, follows no redirect and leaks nothing", () =>
    Effect.gen(function* () {
      const cases = [
        ...Object.values(faults).flatMap((each) => [
          { ...each, path: "/oauth2/token" as const },
          { ...each, path: "/users/@me" as const }
        ]),
        ...statuses
      ]
      const { value, lines } = yield* withLog(
        Effect.forEach(
          cases,
          ({ path, fault, reason }) =>
            Effect.map(signInWith(path, fault), (result) => ({ ...result, path, reason, fault })),
          { concurrency: "unbounded" }
        )
      )
      for (const { error, sim, path, reason, fault } of value) {
        const stage = path === "/users/@me" ? "profile" : "exchange"
        assert.deepInclude(error, { _tag: "DiscordUnavailable", stage, reason }, `${path} ${fault.kind}`)
        assert.strictEqual(sim.calls.to("/redirected").length, 0)
        assert.strictEqual(sim.calls.to("/oauth2/token").length, 1, `${fault.kind}: an exchange is never retried`)
        assert.strictEqual(
          sim.calls.to("/users/@me").length,
          stage === "exchange" ? 0 : reason === "connection" ? 2 : 1
        )
      }
      assert.isAbove(lines.length, 0)
      const secrets = [
        credentials.clientSecret,
        "simcode-",
        "sim-access-",
        "sim-refresh-",
        verifier,
        "<<<",
        "Error 500"
      ]
      for (const line of lines) for (const secret of secrets) assert.notInclude(line, secret)
    })
  )

  it.live("waits for a slow answer", () =>
    Effect.gen(function* () {
      const { sim, client, grant } = yield* start()
      const given = yield* grant()
      sim.fault({ kind: "slow", ms: 1200 })
      const { accessToken } = yield* inTime(client.exchangeCode(given))
      assert.strictEqual((yield* client.currentUser(accessToken)).id, personas.admin.id)
    })
  )

  it.live("remembers a global quota that is spent, but not one user's", () =>
    Effect.gen(function* () {
      const { sim, client, grant } = yield* start()
      const { accessToken } = yield* client.exchangeCode(yield* grant())
      const given = yield* grant()
      sim.calls.reset()

      // One user's bucket.
      sim.fault({ kind: "status", status: 429, retryAfter: 9, times: 1, path: "/users/@me" })
      assert.deepInclude(yield* Effect.flip(client.currentUser(accessToken)), {
        _tag: "DiscordRateLimited",
        retryAfter: 9
      })
      assert.strictEqual((yield* client.currentUser(accessToken)).id, personas.admin.id)

      // Discord's edge, which sends no headers.
      sim.fault({ kind: "status", status: 429, html: true, times: 1 })
      assert.deepInclude(yield* Effect.flip(client.exchangeCode(given)), { _tag: "DiscordRateLimited", retryAfter: 60 })
      const before = sim.calls.all.length
      assert.strictEqual((yield* Effect.flip(client.exchangeCode(given)))._tag, "DiscordRateLimited")
      assert.strictEqual((yield* Effect.flip(client.currentUser(accessToken)))._tag, "DiscordRateLimited")
      assert.strictEqual(sim.calls.all.length, before)
    }).pipe(withLog)
  )

  it.live("stops calling a Discord that hangs, and calls it again after a while; a gauge tells", () => {
    const metered = Context.make(Metered, true).pipe(Context.add(Metric.MetricRegistry, new Map()))
    const gauge = Effect.sync(
      () => /^provider_circuit_open\{.*?\} \d/m.exec(PrometheusMetrics.formatUnsafe(metered))?.[0]
    )
    const told = (value: number) =>
      Effect.repeat(gauge, { until: (line) => line === `provider_circuit_open{provider="discord"} ${value}` })
    return Effect.gen(function* () {
      const { sim, client, grant } = yield* start()
      const { accessToken } = yield* client.exchangeCode(yield* grant())
      yield* told(0)
      sim.fault({ kind: "hang" })
      yield* Effect.all(
        Array.from({ length: 200 }, () => inTime(Effect.flip(client.currentUser(accessToken)))),
        { concurrency: "unbounded" }
      )
      yield* told(1)
      const before = sim.calls.all.length
      assert.deepInclude(yield* Effect.flip(client.currentUser(accessToken)), { reason: "circuit open" })
      assert.strictEqual(sim.calls.all.length, before)
      sim.clearFaults()
      const { id } = yield* Effect.retry(client.currentUser(accessToken), {
        while: (error) => error._tag === "DiscordUnavailable" && error.reason === "circuit open",
        schedule: Schedule.spaced("20 millis")
      })
      assert.strictEqual(id, personas.admin.id)
      yield* told(0)
    }).pipe(withLog, Effect.provide(metered))
  })
})
