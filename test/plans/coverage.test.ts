import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { Any } from "../roster/Any.ts"
import { openBrowser } from "../support/Browser.ts"
import { live, TestApp } from "../support/TestApp.ts"
import { plannedGuild, seat } from "./planned.ts"

layer(TestApp.layer(), live)("coverage of a plan", (it) => {
  it.effect("is that of its seats by its ruleset, with the guild's own values", () =>
    Effect.gen(function* () {
      const { admin, mains, patch, put, url, path } = yield* plannedGuild(9)
      const covered = Effect.map(admin.send("GET", `${url}/coverage`), ({ body }) => body.coverage as Any)
      const empty = yield* covered
      assert.deepStrictEqual([empty.ruleset, empty.value, empty.warnings], ["tbc-anniversary@1", 0, []])

      // Arms, holy, beast mastery, combat, enhancement: a group; the shadow priest waits.
      const group = [0, 1, 2, 3, 5].map((at) => mains[at])
      yield* patch([
        ...group.map((one, slot) => seat(one, 0, 1, slot)),
        { op: "bench", entry_id: mains[4].entry_id, raid: 0 }
      ])
      const seats = group.map(({ class: name, spec, role, race }: Any) => ({ class: name, spec, role, race }))
      const groups = [[], seats, [], [], []]
      const told = yield* covered
      const asked = Effect.fnUntraced(function* (values: unknown) {
        const json = {
          faction: "horde",
          values,
          raids: [
            { size: 25, groups },
            { size: 10, groups: [[], []] }
          ]
        }
        const { status, body } = yield* admin.send("POST", "/api/v1/rulesets/tbc-anniversary@1/coverage", { json })
        assert.strictEqual(status, 200)
        return body.coverage
      })
      assert.deepStrictEqual(told, yield* asked({}))
      const effects = told.raids[0].groups[1].covered.map(({ effect }: Any) => effect)
      assert.includeMembers(effects, ["windfury_totem", "battle_shout", "ferocious_inspiration"])
      assert.notInclude(effects, "vampiric_touch")
      assert.notInclude(JSON.stringify(told), "heroic_presence")

      const values = { windfury_totem: {}, wrath_of_air: { "*": 1 }, grace_of_air: { "*": 2 } }
      yield* admin.send("PUT", `${path}/ruleset-overrides/tbc-anniversary@1`, {
        json: { values },
        headers: { "if-match": "*" }
      })
      const own = yield* covered
      assert.deepStrictEqual(own, yield* asked(values))
      assert.include(JSON.stringify(own.raids[0].groups[1].covered), "grace_of_air")

      // A link shows the same, but for who the players are.
      const { share } = (yield* admin.send("POST", `${url}/shares`)).body
      const guest = yield* openBrowser()
      const shown = (yield* guest.send("GET", `/api/v1/shared-plans/${share.token}`)).body
      assert.deepStrictEqual(shown.coverage, own)

      const elsewhere = yield* put({ raids: [{ title: "A", size: 10, groups: [], bench: [] }] })
      assert.strictEqual(elsewhere.status, 200)
      assert.strictEqual((yield* covered).value, 0)
    })
  )

  it.effect(
    "warns of a player whose characters sit in two raids in the same hour, by id, and not to whoever has a link",
    () =>
      Effect.gen(function* () {
        const { admin, alts, mains, players, patch, url } = yield* plannedGuild(2)
        yield* patch([
          seat(mains[0], 0, 0, 0),
          seat(alts[0], 1, 1, 2),
          { op: "set_raid", raid: 1, starts_at: "2026-12-02T20:00:00Z" }
        ])
        const twice = Effect.map(admin.send("GET", `${url}/coverage`), ({ body }) =>
          body.coverage.warnings.filter(({ code }: Any) => code === "player_twice")
        )
        assert.deepStrictEqual(yield* twice, [
          {
            code: "player_twice",
            player: players[0].id,
            seats: [
              { raid: 0, group: 0, slot: 0 },
              { raid: 1, group: 1, slot: 2 }
            ]
          }
        ])
        const { share } = (yield* admin.send("POST", `${url}/shares`)).body
        const guest = yield* openBrowser()
        const { coverage } = (yield* guest.send("GET", `/api/v1/shared-plans/${share.token}`)).body
        assert.notInclude(JSON.stringify(coverage), players[0].id)
        yield* patch([{ op: "set_raid", raid: 1, starts_at: "2026-12-03T20:00:00Z" }])
        assert.deepStrictEqual(yield* twice, [])
      })
  )

  it.effect("a plan takes no ruleset that there is not", () =>
    Effect.gen(function* () {
      const { admin, path } = yield* plannedGuild(1)
      const raids = [{ title: "A", size: 10 }]
      const make = (ruleset: string) => admin.send("POST", `${path}/plans`, { json: { title: "T", raids, ruleset } })
      const { status, body } = yield* make("tbc-anniversary@9")
      assert.deepStrictEqual([status, body.error.code, body.error.details.fields[0].field], [
        400,
        "plan.validation_failed",
        "ruleset"
      ] as never)
      assert.strictEqual((yield* make("tbc-2021@1")).status, 201)
    })
  )
})
