import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { DiscoveredRoster } from "../../src/roster/RosterFile.ts"
import { characterName } from "../../src/roster/RosterRules.ts"
import { roster } from "../../src/demo/simulators/roster.ts"
import { foundGuild, somebody } from "../support/people.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"
import type { Any } from "./Any.ts"

const guild = { region: "eu", realm: "Spineshatter", name: "Ashen Vanguard" }
const known = roster.flatMap(({ characters }) => characters.map(({ name }) => characterName(name)!)).toSorted()

layer(TestApp.layer(), live)("discover", (it) => {
  const opened = Effect.gen(function* () {
    const { admin, path, join } = yield* foundGuild()
    const discover = (json: object) => admin.send("POST", `${path}/roster/discover`, { json: { ...guild, ...json } })
    return { admin, path, join, discover }
  })

  it.effect.each(["battlenet", "warcraftlogs"])("%s lists a guild; sent on, it is the roster", (source) =>
    Effect.gen(function* () {
      const { admin, path, discover } = yield* opened
      const { status, body, headers } = yield* discover({ source })
      assert.deepStrictEqual([status, body.dry_run, headers.etag], [200, true, `"${body.revision}"`])
      assert.deepStrictEqual(Schema.decodeUnknownSync(DiscoveredRoster, { onExcessProperty: "error" })(body), body)
      const names = body.players.flatMap(({ characters }: Any) => characters.map((c: Any) => c.name))
      assert.deepStrictEqual(names.toSorted(), known)
      assert.deepStrictEqual(body.left_out, { level: 1, rank: 0, unreadable: 0, too_many: 0 })
      assert.deepStrictEqual(body.changes, {
        created: known.length * 2,
        updated: 0,
        unchanged: 0,
        removed: 0,
        invalid: 0
      })
      assert.lengthOf((yield* admin.send("GET", `${path}/roster`)).body.roster.players, 1)

      const sent = yield* admin.send("POST", `${path}/roster/import`, { json: { players: body.players } })
      assert.deepStrictEqual([sent.status, sent.body.changes], [200, body.changes])
      const first = (yield* admin.send("GET", `${path}/roster`)).body.roster.players.find(
        (p: Any) => p.name === "Cyrandel"
      )
      // Warcraft Logs tells no race; the other guild's roster has it by then.
      assert.deepInclude(first.characters[0], { class: "Mage", race: "Blood Elf", rank: "main" })
      const again = yield* discover({ source })
      assert.deepStrictEqual(again.body.changes, {
        created: 0,
        updated: 0,
        unchanged: known.length,
        removed: 0,
        invalid: 0
      })
    })
  )

  it.effect("filtered by level and rank", () =>
    Effect.gen(function* () {
      const { discover } = yield* opened
      const low = yield* discover({ source: "battlenet", min_level: 10 })
      assert.strictEqual(low.body.left_out.level, 0)
      assert.include(
        low.body.players.map((p: Any) => p.name),
        "Tinysprout"
      )
      const leaders = yield* discover({ source: "warcraftlogs", max_rank: 1 })
      const mains = roster.filter(({ role }) => role !== "raider").length
      assert.lengthOf(leaders.body.players, mains)
      assert.strictEqual(leaders.body.left_out.rank, known.length - mains)
    })
  )

  it.effect("who is on the roster stays with their player", () =>
    Effect.gen(function* () {
      const { admin, path, discover } = yield* opened
      const json = [
        { name: "Somebody", characters: [{ name: "Cyrandel", class: "Mage", spec: "Fire", rank: "alt", note: "n" }] }
      ]
      yield* admin.send("POST", `${path}/roster/import`, { json })
      const { body } = yield* discover({ source: "battlenet" })
      assert.deepStrictEqual(
        body.rows.filter(({ change }: Any) => change === "updated"),
        []
      )
      assert.strictEqual(body.changes.unchanged, 1)
      yield* admin.send("POST", `${path}/roster/import`, { json: { players: body.players } })
      const somebody = (yield* admin.send("GET", `${path}/roster`)).body.roster.players.find(
        (p: Any) => p.name === "Somebody"
      )
      assert.deepInclude(somebody.characters[0], { name: "Cyrandel", spec: "Fire", rank: "alt", note: "n" })
    })
  )

  it.effect("a thousand members in pages, of whom a roster holds 400", () =>
    Effect.gen(function* () {
      const { battlenet, warcraftlogs } = yield* TestApp
      const letters = (n: number) =>
        [n % 26, Math.floor(n / 26) % 26, Math.floor(n / 676)].map((at) => String.fromCharCode(97 + at)).join("")
      for (let n = 0; n < 1000; n++) {
        const one = {
          name: `Big${letters(n)}`,
          region: "eu",
          realm: "thunderstrike",
          class: "Mage",
          race: "Troll",
          spec: "Frost",
          role: "ranged",
          faction: "HORDE",
          wcl: "ranked",
          bnet: "ok",
          guild: { name: "L'Étoile du Nord", rank: n % 10 }
        } as const
        battlenet.put(one)
        warcraftlogs.put(one)
      }
      const { discover } = yield* opened
      for (const source of ["battlenet", "warcraftlogs"]) {
        const { status, body } = yield* discover({ source, realm: "Thunderstrike", name: "l'étoile du nord" })
        assert.strictEqual(status, 200)
        assert.deepStrictEqual([body.players.length, body.left_out.too_many], [399, 601])
      }
      const asked = warcraftlogs.calls.all.filter(({ path }) => path.endsWith("/client"))
      assert.isAtMost(asked.length, 12)
    })
  )

  it.effect("an unknown guild is 404; a provider that is away or spent is 503; cn is 422", () =>
    Effect.gen(function* () {
      const { battlenet, warcraftlogs } = yield* TestApp
      const { discover } = yield* opened
      const code = (json: object) => Effect.map(discover(json), ({ status, body }) => [status, body.error?.code])
      for (const source of ["battlenet", "warcraftlogs"]) {
        assert.deepStrictEqual(yield* code({ source, name: "Nobody" }), [404, "roster.guild_unknown"])
        assert.deepStrictEqual(yield* code({ source, realm: "\n" }), [404, "roster.guild_unknown"])
        assert.deepStrictEqual(yield* code({ source, realm: "Nowhere" }), [404, "roster.guild_unknown"])
        assert.deepStrictEqual(yield* code({ source, name: "../../token?x=" }), [404, "roster.guild_unknown"])
      }
      assert.deepStrictEqual(yield* code({ source: "battlenet", region: "cn" }), [422, "provider.region_unsupported"])
      battlenet.fault({ kind: "status", status: 500, path: "/roster" })
      assert.deepStrictEqual(yield* code({ source: "battlenet" }), [503, "provider.unavailable"])
      warcraftlogs.spend(1_000_000)
      yield* code({ source: "warcraftlogs" })
      assert.deepStrictEqual(yield* code({ source: "warcraftlogs" }), [503, "provider.rate_limited"])
    })
  )

  it.effect("nobody but an officer makes us ask a provider", () =>
    Effect.gen(function* () {
      const { battlenet } = yield* TestApp
      const { path, join } = yield* opened
      const [raider, stranger] = [yield* somebody(), yield* somebody()]
      yield* join(raider, "raider")
      const before = battlenet.calls.all.length
      const ask = (person: typeof raider) =>
        Effect.map(
          person.send("POST", `${path}/roster/discover`, { json: { ...guild, source: "battlenet" } }),
          ({ body }) => body.error.code
        )
      assert.deepStrictEqual([yield* ask(raider), yield* ask(stranger)], ["guild.admin_required", "guild.not_found"])
      assert.strictEqual(battlenet.calls.all.length, before)
      assert.deepStrictEqual(
        yield* query`select count(*)::int as n from roster_changes where change like 'character%' and actor_id = ${raider.id}::uuid`,
        [{ n: 0 }]
      )
    })
  )
})
