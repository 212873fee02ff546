import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { warcraftlogsSimulator } from "../../../src/demo/simulators/Warcraftlogs.ts"
import { demoCharacters } from "../../../src/demo/simulators/World.ts"
import { started, ask, look } from "./warcraftlogsRequests.ts"
import type { Loose } from "./requests.ts"
import { shape, someone, client } from "./requests.ts"

it.live("finds a character by name, slug and region", () =>
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
    sim.put({ ...someone, realm: "howling-fjord" })
    const { server } = yield* look(sim, "Someone", "server { name slug }", { slug: "howling-fjord" })
    assert.deepStrictEqual(server, { name: "Ревущий фьорд", slug: "howling-fjord" })
    assert.isNull(yield* look(sim, "Someone", "id", { slug: "ревущий-фьорд" }))
  })
)

it.live("gives every character its own id", () =>
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

it.live("ranks by zone, for zones that are open", () =>
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

it.live("hides hidden characters, and gives null for bosses never killed", () =>
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

it.live("answers the good aliases next to one that fails", () =>
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

it.live("sees characters that are added, changed and removed while it runs", () =>
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
