import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import type { WarcraftlogsSimulator } from "../../src/demo/sim/Warcraftlogs.ts"
import { warcraftlogsSimulator } from "../../src/demo/sim/Warcraftlogs.ts"
import { demoCharacters } from "../../src/demo/sim/World.ts"
import type { Loose } from "./simulatorRequests.ts"
import { applicationToken, basic, bodyOf, client, form, request, shape, someone } from "./simulatorRequests.ts"

const started = warcraftlogsSimulator(client)

const send = (sim: WarcraftlogsSimulator, token: string, body: unknown, type = "application/json") =>
  request(sim.endpoint, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": type },
    body: typeof body === "string" ? body : JSON.stringify(body)
  })

/** One query with a fresh token. */
const ask = Effect.fnUntraced(function* (sim: WarcraftlogsSimulator, query: string, variables: object = {}) {
  const answer = yield* send(sim, yield* applicationToken(sim.tokenUrl), { query, variables })
  assert.strictEqual(answer.status, 200)
  return bodyOf(answer) as Loose
})

const oneCharacter = (selection: string) =>
  `query One($name: String!, $slug: String = "spineshatter", $region: String = "eu") {
    characterData { character(name: $name, serverSlug: $slug, serverRegion: $region) { ${selection} } }
  }`

const look = (sim: WarcraftlogsSimulator, name: string, selection: string, others: object = {}) =>
  Effect.map(ask(sim, oneCharacter(selection), { name, ...others }), ({ data }) => data.characterData.character)

it.live("gives tokens to the application alone", () =>
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

it.live("answers bearers of a live token alone, and JSON alone", () =>
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
  ["a field that is not", '{ characterData { character(name: "x") { gear } } }', "Cannot query field"],
  ["an argument that is not", "{ reportData { report(id: 1) { code } } }", "Unknown argument"],
  ["no GraphQL", "hello {", "Syntax Error"],
  ["a missing variable", oneCharacter("id"), "$name"]
] as const)("answers 200 with errors and no data to %s", ([, query, message]) =>
  Effect.gen(function* () {
    const answer = yield* ask(yield* started, query)
    assert.include(answer.errors[0].message, message)
    assert.notProperty(answer, "data")
  })
)

it.live("wants a query", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const answer = yield* send(sim, yield* applicationToken(sim.tokenUrl), { operationName: "Bad" })
    assert.strictEqual(answer.status, 200)
    assert.hasAllKeys(bodyOf(answer), ["errors"])
  })
)

it.live("knows a character by name, slug and region", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const selection = "id canonicalID name classID level hidden server { name slug region { name slug } } gameData"
    const found = yield* look(sim, "Borînhoof", selection)
    assert.deepInclude(found, { name: "Borînhoof", classID: 2, level: 70, hidden: false, gameData: null })
    assert.strictEqual(found.id, found.canonicalID)
    const region = { name: "Europe", slug: "EU" }
    assert.deepStrictEqual(found.server, { name: "Spineshatter", slug: "spineshatter", region })
    assert.strictEqual((yield* look(sim, "BORÎNHOOF".normalize("NFD"), "id")).id, found.id)
    for (const other of [{ name: "Borinhoof" }, { slug: "Spineshatter" }, { region: "EU" }, { region: "us" }]) {
      assert.isNull(yield* look(sim, "Borînhoof", "id", other))
    }
    assert.isNull(yield* look(sim, "Cyrawisp", "id"))
    assert.strictEqual((yield* look(sim, "Раскогром", "name")).name, "Раскогром")
  })
)

it.live("gives everybody an id of their own", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const known = demoCharacters.filter(({ wcl }) => wcl !== "unknown")
    const fields = known.map(
      ({ name, realm }, index) =>
        `c${index}: character(name: "${name}", serverSlug: "${realm}", serverRegion: "eu") { id }`
    )
    const { data } = yield* ask(sim, `{ characterData { ${fields.join("\n")} } }`)
    const ids = Object.values<Loose>(data.characterData).map(({ id }) => id)
    assert.strictEqual(new Set(ids).size, known.length)
  })
)

const rankingsShape = [
  ..."bestPerformanceAverage difficulty medianPerformanceAverage metric partition size zone".split(" "),
  ..."partition points possiblePoints rank rankPercent regionRank serverRank spec total"
    .split(" ")
    .map((key) => `allStars[].${key}`)
]
const rowShape = "bestAmount bestSpec encounter fastestKill lockedIn medianPercent rankPercent spec totalKills".split(
  " "
)
const starShape = "partition points possiblePoints rank rankPercent regionRank serverRank total".split(" ")

it.live("ranks as the site does", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const { zoneRankings } = yield* look(sim, "Cyrandel", "zoneRankings")
    const { rankings, ...rest } = zoneRankings
    assert.deepStrictEqual(shape(rest), rankingsShape.toSorted())
    assert.deepInclude(rest, { zone: 1056, metric: "dps", size: 25 })
    assert.lengthOf(rankings, 10)
    for (const row of rankings) {
      const { allStars, ...others } = row
      assert.hasAllKeys(others, rowShape)
      if (row.totalKills > 0) assert.hasAllKeys(allStars, starShape)
      else
        assert.deepInclude(row, { rankPercent: null, medianPercent: null, fastestKill: 0, allStars: null, spec: null })
    }
    assert.isTrue(rankings.some((row: Loose) => typeof row.allStars?.rank === "string"))
    assert.isTrue(rankings.some((row: Loose) => typeof row.allStars?.rank === "number"))
    assert.deepStrictEqual((yield* look(sim, "Cyrandel", "zoneRankings")).zoneRankings, zoneRankings)
  })
)

it.live("ranks by the metric asked for", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const both = "dps: zoneRankings(metric: dps) hps: zoneRankings(metric: hps) plain: zoneRankings(metric: default)"
    const { dps, hps, plain } = yield* look(sim, "Cyrabloom", both)
    assert.strictEqual(hps.metric, "hps")
    assert.isAbove(hps.bestPerformanceAverage, dps.bestPerformanceAverage)
    assert.deepStrictEqual(plain, dps)
  })
)

it.live("ranks by zone, of those that are open", () =>
  Effect.gen(function* () {
    const zones =
      "k: zoneRankings(zoneID: 1047) g: zoneRankings(zoneID: 1048) b: zoneRankings(zoneID: 1060) n: zoneRankings"
    const { k, g, b, n } = yield* look(yield* started, "Cyrandel", zones)
    assert.deepStrictEqual([k.zone, k.size, g.zone, g.rankings.length, n.zone], [1047, 10, 1048, 3, 1056])
    assert.deepStrictEqual(b, { error: "Invalid zone specified." })
    const later = yield* warcraftlogsSimulator({ ...client, newestZone: 1060 })
    const next = yield* look(later, "Cyrandel", zones)
    assert.deepStrictEqual([next.b.zone, next.n.zone], [1060, 1060])
  })
)

it.live("hides what is hidden, and nulls what was never killed", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const hidden = yield* look(sim, "Cyrashade", "hidden zoneRankings")
    const error = "You do not have permission to see this character's rankings."
    assert.deepStrictEqual(hidden, { hidden: true, zoneRankings: { error } })
    const { zoneRankings } = yield* look(sim, "Farrahex", "zoneRankings")
    assert.deepInclude(zoneRankings, { bestPerformanceAverage: null, medianPerformanceAverage: null, allStars: [] })
    assert.isTrue(zoneRankings.rankings.every(({ totalKills }: Loose) => totalKills === 0))
  })
)

it.live("keeps the good aliases beside one that fails", () =>
  Effect.gen(function* () {
    const sim = yield* started
    sim.put({ ...someone, wcl: "failing" })
    const { data, errors } = yield* ask(
      sim,
      `query Roster($a: String!, $b: String!, $c: String!, $s: String!, $r: String!) {
        characterData {
          c0: character(name: $a, serverSlug: $s, serverRegion: $r) { ...C }
          c1: character(name: $b, serverSlug: $s, serverRegion: $r) { ...C }
          c2: character(name: $c, serverSlug: $s, serverRegion: $r) { ...C }
        }
      }
      fragment C on Character { name zoneRankings(zoneID: 1056, metric: dps) }`,
      { a: "Cyrandel", b: "Someone", c: "Nevermet", s: "spineshatter", r: "eu" }
    )
    assert.lengthOf(errors, 1)
    assert.deepStrictEqual(errors[0].path, ["characterData", "c1", "zoneRankings"])
    assert.deepStrictEqual(data.characterData.c1, { name: "Someone", zoneRankings: null })
    assert.strictEqual(data.characterData.c0.zoneRankings.zone, 1056)
    assert.isNull(data.characterData.c2)
  })
)

it.live("knows who comes, changes and goes while it runs", () =>
  Effect.gen(function* () {
    const sim = yield* started
    sim.put({ ...someone, wcl: "no-rankings", wclId: 7 })
    assert.deepStrictEqual(yield* look(sim, "Someone", "id zoneRankings"), { id: 7, zoneRankings: null })
    sim.put({ ...someone, wcl: "no-reports" })
    assert.deepStrictEqual(yield* look(sim, "Someone", "recentReports { data { code } }"), {
      recentReports: { data: [] }
    })
    sim.remove(someone)
    assert.isNull(yield* look(sim, "Someone", "id"))
  })
)

it.live("spends points, lagging by one request, until there are none", () =>
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

it.live("limits requests a minute", () =>
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
