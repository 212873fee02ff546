import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { openBrowser } from "../support/Browser.ts"
import { foundGuild, somebody } from "../support/people.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"

const anniversary = "/api/v1/rulesets/tbc-anniversary@1"
const melees = [[{ class: "warrior", spec: "fury" }, { class: "Shaman", spec: "Enhancement" }, null]]

layer(TestApp.layer({ RATE_LIMIT_REQUESTS: "100000" }), live)("rulesets and coverage over HTTP", (it) => {
  it.effect("rulesets are for everybody, and to be kept", () =>
    Effect.gen(function* () {
      const { send } = yield* openBrowser()
      const list = yield* send("GET", "/api/v1/rulesets")
      assert.deepStrictEqual(
        list.body.rulesets.map(({ id, game_version }: Record<string, string>) => [id, game_version]),
        [
          ["tbc-anniversary@1", "classicann"],
          ["tbc-2021@1", "tbc"],
          ["classic-era@1", "classic1x"]
        ]
      )
      const one = yield* send("GET", anniversary)
      assert.strictEqual(one.body.ruleset.effects.length, list.body.rulesets[0].effects)
      assert.strictEqual(one.headers["cache-control"], "public, max-age=31536000, immutable")
      const again = yield* send("GET", anniversary, { headers: { "if-none-match": one.headers.etag! } })
      assert.deepStrictEqual([again.status, again.body], [304, ""])
      const encoded = yield* send("GET", anniversary.replace("@", "%40"))
      assert.deepStrictEqual([encoded.status, encoded.headers.etag], [200, one.headers.etag])
      const none = yield* send("GET", "/api/v1/rulesets/tbc-anniversary@2")
      assert.deepStrictEqual([none.status, none.body.error.code], [404, "ruleset.not_found"])
    })
  )

  it.effect("coverage of a seating that is stored nowhere, with a guild's values if they are sent", () =>
    Effect.gen(function* () {
      const { send } = yield* somebody()
      const ask = (json: unknown) => send("POST", `${anniversary}/coverage`, { json })
      const { status, body } = yield* ask({ faction: "horde", raids: [{ groups: melees }] })
      assert.strictEqual(status, 200)
      const [group] = body.coverage.raids[0].groups
      const windfury = (covered: ReadonlyArray<{ readonly effect: string }>) =>
        covered.find(({ effect }) => effect === "windfury_totem")
      assert.deepStrictEqual(windfury(group.covered) as unknown, {
        effect: "windfury_totem",
        value: 1495,
        by: [{ group: 0, slot: 1 }],
        assumed: true,
        to: null
      })
      const values = { windfury_totem: { "Warrior:Fury": 100 }, grace_of_air: { "*": 400 } }
      const own = yield* ask({ values, raids: [{ groups: melees }] })
      assert.deepInclude(own.body.coverage.raids[0].groups[0].possible, {
        effect: "windfury_totem",
        value: 115,
        by: [{ group: 0, slot: 1 }],
        reason: "slot_taken"
      })
    })
  )

  it.effect("words that the game does not know are named, all at once", () =>
    Effect.gen(function* () {
      const { send } = yield* somebody()
      const ask = (json: unknown) => send("POST", `${anniversary}/coverage`, { json })
      const seats = [
        { class: "Monk", spec: "Brewmaster" },
        { class: "Mage", spec: "Holy" },
        { class: "Mage", spec: "Fire", race: "Gnoll", brings: ["hats"] }
      ]
      const answer = yield* ask({
        values: { hats: { Mage: 1 }, kings: { Monk: 1 } },
        raids: [{ starts_at: "tonight", groups: [seats] }]
      })
      assert.deepStrictEqual([answer.status, answer.body.error.code], [400, "ruleset.validation_failed"])
      assert.deepStrictEqual(
        answer.body.error.details.fields.map(({ field }: { readonly field: string }) => field),
        [
          "values.hats",
          "values.kings.Monk",
          "raids.0.starts_at",
          "raids.0.groups.0.0.class",
          "raids.0.groups.0.1.spec",
          "raids.0.groups.0.2.brings",
          "raids.0.groups.0.2.race"
        ]
      )
      const six = Array.from({ length: 6 }, () => null)
      for (const raids of [
        [],
        [{ groups: [six] }],
        [{ groups: Array.from({ length: 9 }, () => []) }],
        Array.from({ length: 9 }, () => ({ groups: [] }))
      ]) {
        assert.strictEqual((yield* ask({ raids })).body.error.code, "validation.invalid_request")
      }
    })
  )

  it.effect("a guild's own values: read by members, written by officers who have seen the latest", () =>
    Effect.gen(function* () {
      const { admin, path, join } = yield* foundGuild()
      const raider = yield* somebody()
      yield* join(raider, "raider")
      const at = `${path}/ruleset-overrides/tbc-anniversary@1`
      const values = { windfury_totem: { Rogue: 900, "Druid:Feral:melee": 5 } }
      const none = yield* raider.send("GET", at)
      assert.deepStrictEqual([none.headers.etag, none.body.overrides], [
        `"0"`,
        { ruleset: "tbc-anniversary@1", revision: 0, values: {}, updated_by: null, updated_at: null }
      ] as never)
      const put = (json: unknown, match?: string, who = admin) =>
        who.send("PUT", at, { json, headers: match === undefined ? {} : { "if-match": match } })

      const unseen = yield* put({ values })
      assert.deepStrictEqual([unseen.status, unseen.body.error.code], [428, "precondition.required"])
      const refused = yield* put({ values }, `"0"`, raider)
      assert.deepStrictEqual([refused.status, refused.body.error.code], [403, "guild.admin_required"])
      const wrong = yield* put({ values: { windfury: { Rogue: 1 } } }, `"0"`)
      assert.deepStrictEqual([wrong.status, wrong.body.error.code], [400, "ruleset.validation_failed"])
      assert.strictEqual((yield* put({ values: { kings: { Rogue: 10_001 } } }, `"0"`)).status, 400)
      assert.strictEqual((yield* put({ values }, `"1"`)).body.error.details.revision, 0)

      const made = yield* put({ values }, `"0"`)
      assert.deepStrictEqual([made.status, made.headers.etag], [200, `"1"`])
      assert.deepInclude(made.body.overrides, { revision: 1, values })
      assert.strictEqual(made.body.overrides.updated_by.user_id, admin.id)
      assert.deepStrictEqual((yield* raider.send("GET", at)).body, made.body)
      const stale = yield* put({ values: {} }, `"0"`)
      assert.deepStrictEqual([stale.status, stale.body.error.code, stale.body.error.details], [
        412,
        "precondition.failed",
        { revision: 1 }
      ] as never)
      assert.strictEqual((yield* put({ values: {} }, `"1"`)).headers.etag, `"2"`)
      assert.strictEqual((yield* put({ values }, "*")).headers.etag, `"3"`)
      const other = yield* raider.send("GET", at.replace("anniversary", "2021"))
      assert.strictEqual(other.body.overrides.revision, 0)
      const gone = yield* raider.send("GET", at.replace("@1", "@7"))
      assert.deepStrictEqual([gone.status, gone.body.error.code], [404, "ruleset.not_found"])

      const { events } = (yield* admin.send("GET", `${path}/audit`)).body
      const changes = events.filter(({ type }: { readonly type: string }) => type === "ruleset_changed")
      assert.deepStrictEqual(
        changes.map(({ details }: { readonly details: unknown }) => details),
        [3, 2, 1].map((revision) => ({ ruleset: "tbc-anniversary@1", revision }))
      )
    })
  )

  it.effect("of many who write at once, having seen the same, one wins each time", () =>
    Effect.gen(function* () {
      const { admin, guild, path } = yield* foundGuild()
      const at = `${path}/ruleset-overrides/tbc-anniversary@1`
      for (let revision = 0; revision < 3; revision++) {
        const answers = yield* Effect.forEach(
          Array.from({ length: 20 }, (_, n) => n),
          (n) =>
            admin.send("PUT", at, {
              json: { values: { kings: { Rogue: revision * 100 + n } } },
              headers: { "if-match": `"${revision}"` }
            }),
          { concurrency: "unbounded" }
        )
        const won = answers.filter(({ status }) => status === 200)
        assert.strictEqual(won.length, 1)
        assert.strictEqual(answers.filter(({ status }) => status === 412).length, 19)
        const { body } = yield* admin.send("GET", at)
        assert.deepStrictEqual(body, won[0]!.body)
      }
      const [row] = yield* query`select count(*)::int as events from security_audit_events
        where guild_id = ${guild.id}::uuid and event_type = 'guild_ruleset_changed'`
      assert.strictEqual(row!.events, 3)
    })
  )
})
