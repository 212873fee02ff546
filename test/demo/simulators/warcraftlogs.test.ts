import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { warcraftlogsSimulator } from "../../../src/demo/simulators/Warcraftlogs.ts"
import { started, send, ask, oneCharacter } from "./warcraftlogsRequests.ts"
import type { Loose } from "./requests.ts"
import { applicationToken, basic, bodyOf, client, form, request } from "./requests.ts"

it.live("gives tokens only to the application", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const grant = { grant_type: "client_credentials" }
    const good = yield* request(sim.tokenUrl, form(grant, basic()))
    assert.hasAllKeys(bodyOf(good), ["token_type", "expires_in", "access_token"])
    const statuses = yield* Effect.all([
      request(sim.tokenUrl, form(grant, basic("wrong"))),
      request(sim.tokenUrl, form({ ...grant, client_id: client.clientId, client_secret: client.clientSecret })),
      request(sim.tokenUrl, form({ grant_type: "password" }, basic())),
      request(sim.tokenUrl, {
        method: "POST",
        headers: { ...basic(), "content-type": "application/json" },
        body: "{}"
      }),
      request(`${sim.tokenUrl}?grant_type=client_credentials`, { headers: basic() })
    ])
    assert.deepStrictEqual(
      statuses.map(({ status }) => status),
      [401, 401, 400, 400, 405]
    )
    assert.deepInclude(bodyOf(statuses[0]) as object, { error: "invalid_client" })
  })
)

it.live("answers only requests with a live token and a JSON body", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const token = yield* applicationToken(sim.tokenUrl)
    const query = { query: "{ rateLimitData { limitPerHour } }" }
    assert.strictEqual((yield* send(sim, token, query)).status, 200)
    assert.strictEqual((yield* send(sim, token, query, "text/plain")).status, 400)
    assert.strictEqual((yield* send(sim, token, "{")).status, 400)
    assert.strictEqual((yield* request(sim.endpoint)).status, 405)
    assert.strictEqual((yield* request(`${sim.url}/api/v2/user`)).status, 404)
    sim.dropTokens()
    const dead = yield* send(sim, token, query)
    assert.strictEqual(dead.status, 401)
    assert.deepStrictEqual(bodyOf(dead), { message: "Unauthenticated." })
  })
)

it.live("lets tokens expire", () =>
  Effect.gen(function* () {
    let now = 0
    const sim = yield* warcraftlogsSimulator({ ...client, now: () => now })
    const token = yield* applicationToken(sim.tokenUrl)
    now = 31_104_000_000
    assert.strictEqual((yield* send(sim, token, { query: "{ __typename }" })).status, 401)
  })
)

it.live.each([
  ["an unknown field", '{ characterData { character(name: "x") { gear } } }', "Cannot query field"],
  ["an unknown argument", "{ reportData { report(id: 1) { code } } }", "Unknown argument"],
  ["no GraphQL", "hello {", "Syntax Error"],
  ["a missing variable", oneCharacter("id"), "$name"]
] as const)("answers 200 with errors and no data to %s", ([, query, message]) =>
  Effect.gen(function* () {
    const answer = yield* ask(yield* started, query)
    assert.include(answer.errors[0].message, message)
    assert.notProperty(answer, "data")
  })
)

it.live("requires a query", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const answer = yield* send(sim, yield* applicationToken(sim.tokenUrl), { operationName: "Bad" })
    assert.strictEqual(answer.status, 200)
    assert.hasAllKeys(bodyOf(answer), ["errors"])
  })
)

it.live("spends points, reported one request late, until none are left", () =>
  Effect.gen(function* () {
    let now = 0
    const sim = yield* warcraftlogsSimulator({ ...client, pointsPerHour: 8, now: () => now })
    const token = yield* applicationToken(sim.tokenUrl)
    const rate = "rateLimitData { limitPerHour pointsSpentThisHour pointsResetIn }"
    const query = {
      query: `{ characterData { character(name: "Cyrandel", serverSlug: "spineshatter", serverRegion: "eu") { zoneRankings } } ${rate} }`
    }
    const spent = Effect.map(send(sim, token, query), (answer) => (bodyOf(answer) as Loose).data.rateLimitData)
    assert.deepStrictEqual(yield* spent, { limitPerHour: 8, pointsSpentThisHour: 0, pointsResetIn: 3600 })
    assert.deepInclude(yield* spent, { pointsSpentThisHour: 4 })
    now = 1_260_000
    const refused = yield* send(sim, token, query)
    assert.strictEqual(refused.status, 429)
    assert.strictEqual(refused.headers.get("retry-after"), "2340")
    now = 3_600_000
    assert.deepInclude(yield* spent, { pointsSpentThisHour: 0 })
    sim.spend(8)
    assert.strictEqual((yield* send(sim, token, query)).status, 429)
  })
)

it.live("limits requests per minute", () =>
  Effect.gen(function* () {
    let now = 0
    const sim = yield* warcraftlogsSimulator({ ...client, requestsPerMinute: 2, now: () => now })
    const token = yield* applicationToken(sim.tokenUrl)
    const query = { query: "{ __typename }" }
    const first = yield* send(sim, token, query)
    assert.strictEqual(first.headers.get("x-ratelimit-limit"), "2")
    assert.strictEqual(first.headers.get("x-ratelimit-remaining"), "1")
    yield* send(sim, token, query)
    now = 53_000
    const refused = yield* send(sim, token, query)
    assert.deepStrictEqual([refused.status, refused.headers.get("retry-after")], [429, "7"])
    assert.deepStrictEqual(bodyOf(refused), { status: 429, error: "Too many requests." })
    now = 60_000
    assert.strictEqual((yield* send(sim, token, query)).status, 200)
  })
)
