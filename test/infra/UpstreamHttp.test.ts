import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { UpstreamHttp } from "../../src/infra/upstream/UpstreamHttp.ts"
import { clientCredentials } from "../../src/infra/upstream/ClientCredentials.ts"
import { sentences } from "../../src/refreshes/warcraftlogs/Sheets.ts"
import { WclQuota } from "../../src/refreshes/warcraftlogs/WclQuota.ts"
import { WclClient } from "../../src/refreshes/warcraftlogs/WclClient.ts"
import { services, withLog } from "./providers.ts"

/** An HttpClient that answers from a function, for answers that no simulator gives. */
const answering = (answer: (request: HttpClientRequest.HttpClientRequest) => Response) => {
  const requests: Array<HttpClientRequest.HttpClientRequest> = []
  const client = HttpClient.make((request) => {
    requests.push(request)
    return Effect.sync(() => HttpClientResponse.fromWeb(request, answer(request)))
  })
  const layer = UpstreamHttp.layerNoDeps.pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))
  return { layer, requests }
}

const isToken = ({ url }: HttpClientRequest.HttpClientRequest) => url.includes("/token")
const grant = (expires_in: unknown) => Response.json({ access_token: "token", token_type: "Bearer", expires_in })

const wclAnswering = (body: unknown) => {
  const { layer } = answering((request) => (isToken(request) ? grant(3600) : Response.json(body)))
  return Effect.map(
    Layer.build(WclClient.layerNoDeps.pipe(Layer.provide([WclQuota.layer, layer]), Layer.provide(services({})))),
    Context.get(WclClient)
  )
}

const realm = Effect.succeed({ slug: "spineshatter", guessed: false })
const someone = { name: "Malgoreth", server: "spineshatter", realm, region: "eu", role: "ranged", class: null } as const

describe("UpstreamHttp", () => {
  it.live("sends its user agent, accepts JSON, and does not send trace ids", () =>
    Effect.gen(function* () {
      const { layer, requests } = answering(() => Response.json({}))
      const { open } = Context.get(yield* Layer.build(layer), UpstreamHttp)
      yield* Effect.withSpan(open("test", "agent/1").send(HttpClientRequest.get("http://provider/x")), "outer")
      const [request] = requests
      assert.deepInclude(request?.headers, { "user-agent": "agent/1", accept: "application/json" })
      assert.notProperty(request?.headers, "traceparent")
      assert.notProperty(request?.headers, "b3")
    })
  )

  it.live("accepts neither invalid UTF-8 nor text around JSON", () =>
    Effect.gen(function* () {
      const bodies = [Buffer.from([0x22, 0xff, 0x22]), "{} x", "\ufeff{}", ""]
      for (const body of bodies) {
        const { layer } = answering(() => new Response(body))
        const { open } = Context.get(yield* Layer.build(layer), UpstreamHttp)
        const answer = yield* open("test", "agent/1").send(HttpClientRequest.get("http://provider/x"))
        assert.deepEqual(answer, { status: 200, json: undefined })
      }
    })
  )
})

describe("clientCredentials", () => {
  const sender = Effect.fnUntraced(function* (token: () => Response) {
    const { layer, requests } = answering((request) => (isToken(request) ? token() : Response.json({})))
    const upstream = Context.get(yield* Layer.build(layer), UpstreamHttp).open("test", "agent/1")
    const credentials = { tokenUrl: "http://provider/token", clientId: "id", clientSecret: Redacted.make("secret") }
    const send = yield* clientCredentials("test", upstream, credentials)
    const tokenRequests = () => requests.filter(isToken).length
    return { ask: send(HttpClientRequest.get("http://provider/x")), tokenRequests }
  })

  it.effect("drops a token a little before it expires", () =>
    Effect.gen(function* () {
      const { ask, tokenRequests } = yield* sender(() => grant(1))
      yield* ask
      yield* TestClock.adjust("750 millis")
      yield* ask
      assert.strictEqual(tokenRequests(), 1)
      yield* TestClock.adjust("100 millis")
      yield* ask
      assert.strictEqual(tokenRequests(), 2)
    })
  )

  it.live("does not cache a failure, and accepts only tokens that fit a header", () =>
    Effect.gen(function* () {
      const answers = [{}, { access_token: 7 }, { access_token: "a\r\nb" }, { access_token: "" }, null].values()
      const { ask, tokenRequests } = yield* sender(() => {
        const { value, done } = answers.next()
        return done === true ? grant("never") : Response.json(value)
      })
      for (let attempt = 1; attempt <= 5; attempt++) {
        assert.deepInclude(yield* Effect.flip(ask), { _tag: "Unanswered", reason: "not understood" })
      }
      assert.deepEqual(yield* ask, { status: 200, json: {} })
      assert.strictEqual(tokenRequests(), 6)
    })
  )
})

describe("WclClient, by GraphQL answer", () => {
  const rateLimited = { errors: [{ message: "You are being rate limited." }], data: {} }
  const refused = { errors: [{ message: `Cannot query field "gear" on type "Character".` }] }
  const failed = { errors: [{ message: "Internal server error" }], data: { characterData: { c0: null } } }
  it.live.each([
    ["errors about the rate", rateLimited, "provider.rate_limited"],
    ["errors without data", refused, "provider.unavailable"],
    ["an error in place of the character", failed, "provider.unavailable"],
    ["no data", {}, "provider.unavailable"],
    ["a list", [], "provider.unavailable"],
    ["another shape", { data: { characterData: [] } }, "provider.unavailable"]
  ] as const)("%s", ([, body, code]) =>
    Effect.gen(function* () {
      const client = yield* wclAnswering(body)
      const { value, lines } = yield* withLog(Effect.flip(client.character(someone)))
      assert.strictEqual(value._tag, code)
      for (const line of lines) assert.notInclude(line, "being rate limited")
      for (const line of lines) assert.notInclude(line, "Cannot query")
    })
  )

  it.live("hidden logs, by flag or by error", () =>
    Effect.gen(function* () {
      for (const character of [{ hidden: true, zoneRankings: null }, { zoneRankings: { error: "No permission" } }]) {
        const client = yield* wclAnswering({ data: { characterData: { c0: character } } })
        const { error } = yield* client.character(someone)
        assert.strictEqual(error, sentences.hidden)
      }
    })
  )
})

describe("a provider that hangs", () => {
  it.live("keeps 64 operations at most: the others are refused in turn, or at once when the circuit opens", () =>
    Effect.gen(function* () {
      const stuck = HttpClient.make(() => Effect.never)
      const layer = UpstreamHttp.layerNoDeps.pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, stuck)))
      const upstream = (yield* Effect.map(Layer.build(layer), Context.get(UpstreamHttp))).open("provider", "test/1.0")
      let began = 0
      const one = upstream.guard(
        Effect.suspend(() => {
          began += 1
          return upstream.send(HttpClientRequest.get("http://provider.test/"))
        }),
        "4 seconds"
      )
      const many = Effect.all(
        Array.from({ length: 100 }, () => Effect.flip(one)),
        { concurrency: "unbounded" }
      )
      const errors = yield* many
      const reasons = errors.map((error) => (error._tag === "Unanswered" ? error.reason : error._tag))
      assert.strictEqual(began, 64)
      assert.lengthOf(
        reasons.filter((reason) => reason === "timeout"),
        64
      )
      assert.lengthOf(
        reasons.filter((reason) => reason === "too many at once"),
        36
      )
      const next = yield* Effect.flip(one)
      assert.deepInclude(next, { _tag: "Unanswered", reason: "circuit open" })
      assert.strictEqual(began, 64)
    }).pipe(withLog)
  )
})
