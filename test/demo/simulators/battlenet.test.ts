import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { battlenetSimulator } from "../../../src/demo/simulators/Battlenet.ts"
import { started, inEurope, character, english, get, refusal } from "./battlenetRequests.ts"
import { applicationToken, basic, bodyOf, client, form, request, someone } from "./requests.ts"

it.live.each(["/token", "/oauth/token"])("gives tokens only to the application, on %s", (path) =>
  Effect.gen(function* () {
    const sim = yield* started
    const grant = { grant_type: "client_credentials" }
    const url = sim.url + path
    const good = yield* request(url, form(grant, basic()))
    assert.hasAllKeys(bodyOf(good), ["access_token", "token_type", "expires_in", "sub"])
    assert.deepInclude(bodyOf(good) as object, { token_type: "bearer", expires_in: 86_399 })
    const wrong = yield* request(url, form(grant, basic("wrong")))
    const invalid = { error: "invalid_client", error_description: "Bad client credentials" }
    assert.deepStrictEqual([wrong.status, bodyOf(wrong)], [401, invalid])
    const gotten = yield* request(`${url}?grant_type=client_credentials`, { headers: basic() })
    const notAllowed = { error: "invalid_request", error_description: "GET method is not allowed" }
    assert.deepStrictEqual([gotten.status, bodyOf(gotten)], [400, notAllowed])
    assert.strictEqual((yield* request(url, form({ grant_type: "password" }, basic()))).status, 400)
  })
)

it.live("reads the bearer token only from the header", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const token = yield* applicationToken(sim.tokenUrl)
    const url = `${inEurope(sim, character("cyrandel"))}?${english}`
    const inQuery = yield* request(`${url}&access_token=${token}`)
    assert.deepStrictEqual([inQuery.status, inQuery.text], [404, ""])
    assert.notInclude(JSON.stringify(sim.calls.all), token)
    const without = yield* request(url)
    assert.deepStrictEqual([without.status, bodyOf(without)], [401, refusal(401, "Unauthorized")])
    const headers = { authorization: `Bearer ${token}` }
    assert.strictEqual((yield* request(url, { headers })).status, 200)
    sim.dropTokens()
    assert.strictEqual((yield* request(url, { headers })).status, 401)
  })
)

it.live.each([
  ["no namespace", "locale=en_GB"],
  ["another game's", "namespace=profile-classic-eu&locale=en_GB"],
  ["another region's", "namespace=profile-classicann-us&locale=en_GB"],
  ["another kind of", "namespace=dynamic-classicann-eu&locale=en_GB"]
] as const)("forbids %s namespace", ([, query]) =>
  Effect.gen(function* () {
    const answer = yield* get(yield* started, character("cyrandel"), query)
    assert.deepStrictEqual([answer.status, bodyOf(answer)], [403, refusal(403, "Forbidden")])
  })
)

it.live.each([
  ["an unknown name", character("nevermet")],
  ["upper case", character("Cyrandel")],
  ["a decomposed name", character("borînhoof".normalize("NFD"))],
  ["a name without its accent", character("borinhoof")],
  ["another realm", character("borînhoof", "", "thunderstrike")],
  ["a slug by rule", character("лунодол", "", "змейталак")],
  ["a realm of another game", character("borînhoof", "", "azjolnerub")],
  ["a realm in upper case", character("cyrandel", "", "Spineshatter")],
  ["a character it does not know", character("cyrawisp")],
  ["a document that does not exist", character("cyrandel", "/collections")],
  ["missing media", character("nazmojo", "/character-media")],
  ["half an escape", "/profile/wow/character/spineshatter/%E0%A4%A"]
] as const)("finds nothing for %s", ([, path]) =>
  Effect.gen(function* () {
    const answer = yield* get(yield* started, path)
    assert.deepStrictEqual([answer.status, bodyOf(answer)], [404, refusal(404, "Not Found")])
  })
)

it.live("serves four regions, each with its own characters", () =>
  Effect.gen(function* () {
    const sim = yield* started
    sim.put({ ...someone, region: "kr" })
    const authorization = `Bearer ${yield* applicationToken(sim.tokenUrl)}`
    const inRegion = (region: string) =>
      Effect.map(
        request(
          `${sim.apiBaseUrl.replace("{region}", region)}${character("someone")}?namespace=profile-classicann-${region}`,
          { headers: { authorization } }
        ),
        ({ status, text }) => [status, text === ""]
      )
    assert.deepStrictEqual(yield* Effect.forEach(["us", "eu", "kr", "tw", "cn"], inRegion), [
      [404, false],
      [404, false],
      [200, false],
      [404, false],
      [404, true]
    ])
  })
)

it.live("limits requests per second", () =>
  Effect.gen(function* () {
    let now = 0
    const sim = yield* battlenetSimulator({ ...client, requestsPerSecond: 2, now: () => now })
    const ask = Effect.map(get(sim, character("cyrandel")), ({ status }) => status)
    assert.deepStrictEqual(yield* Effect.all([ask, ask, ask]), [200, 200, 429])
    now = 1000
    assert.strictEqual(yield* ask, 200)
  })
)

it.live.each([
  [429, "application/json", refusal(429, "Too Many Requests")],
  [401, "application/json", refusal(401, "Unauthorized")],
  [500, "text/html", undefined]
] as const)("answers an ordered refusal in Battle.net's words: %i", ([status, type, body]) =>
  Effect.gen(function* () {
    const sim = yield* started
    sim.fault({ kind: "status", status, path: "/profile/" })
    const answer = yield* get(sim, character("cyrandel"))
    assert.strictEqual(answer.status, status)
    assert.include(answer.headers.get("content-type") ?? "", type)
    if (body !== undefined) assert.deepStrictEqual(bodyOf(answer), body)
  })
)
