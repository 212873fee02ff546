import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { foundGuild, somebody } from "../support/people.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"
import type { Any } from "./Any.ts"

const path = "/api/v1/characters"
const mage = { region: "eu", server: "Spineshatter", class: "Mage", race: "Undead", spec: "Frost", rank: "main" }

layer(TestApp.layer(), live)("claims", (it) => {
  it.effect("of 64 people who claim one character, one gets it: new, or known without an owner", () =>
    Effect.gen(function* () {
      const people = yield* Effect.all(
        Array.from({ length: 64 }, () => somebody()),
        { concurrency: 4 }
      )
      const { admin, path: guild } = yield* foundGuild()
      const put = { players: [{ name: "Nameless", characters: [{ ...mage, name: "Wanted" }] }] }
      yield* admin.send("PUT", `${guild}/roster`, { json: put, headers: { "if-match": "*" } })
      for (const name of ["Fresh", "Wanted"]) {
        const answers = yield* Effect.all(
          people.map(({ send }) =>
            // On a slow host some are asked to come again.
            send("POST", path, { json: { ...mage, name } }).pipe(
              Effect.repeat({ until: ({ status }) => status !== 503, times: 5 })
            )
          ),
          { concurrency: "unbounded" }
        )
        const statuses = answers.map(({ status }) => status).toSorted()
        assert.deepStrictEqual(statuses, [201, ...Array.from({ length: 63 }, () => 409)])
        const won = answers.findIndex(({ status }) => status === 201)
        assert.strictEqual(answers[won]!.body.character.user_id, people[won]!.id)
        const rows = yield* query`select user_id as id from characters where name = ${name} and deleted_at is null`
        assert.deepStrictEqual(rows, [{ id: people[won]!.id }])
      }
      const events =
        yield* query`select count(*)::int as n from security_audit_events where event_type = 'character_claimed'`
      assert.deepStrictEqual(events, [{ n: 1 }])
    })
  )

  it.effect("a character on a roster under another Discord id is not to be had; an officer can release it", () =>
    Effect.gen(function* () {
      const { admin, path: guild } = yield* foundGuild()
      const [thief, owner] = [yield* somebody(), yield* somebody()]
      const [row] = yield* query`select discord_user_id as id from discord_identities where user_id = ${owner.id}::uuid`
      yield* thief.send("POST", path, { json: { ...mage, name: "Stolen" } })
      const players = [
        {
          name: "Owner",
          discord_user_id: String(row!.id),
          characters: [
            { ...mage, name: "Stolen" },
            { ...mage, name: "Safe", rank: "alt" }
          ]
        }
      ]
      yield* admin.send("PUT", `${guild}/roster`, { json: { players }, headers: { "if-match": "*" } })
      const take = (person: typeof owner, name: string) =>
        Effect.map(
          person.send("POST", path, { json: { ...mage, name } }),
          ({ status, body }) => body.error?.code ?? status
        )
      assert.strictEqual(yield* take(thief, "Safe"), "character.already_exists")
      assert.strictEqual(yield* take(owner, "Stolen"), "character.already_exists")
      const { body } = yield* admin.send("GET", `${guild}/roster`)
      const [player] = body.roster.players
      const entry = player.characters.find((c: Any) => c.name === "Stolen")
      const release = `${guild}/players/${player.id}/characters/${entry.entry_id}/claim`
      assert.strictEqual((yield* admin.send("DELETE", release)).status, 204)
      assert.strictEqual((yield* admin.send("DELETE", release)).status, 204)
      assert.strictEqual(yield* take(thief, "Stolen"), "character.already_exists")
      assert.strictEqual(yield* take(owner, "Stolen"), 201)
      assert.strictEqual(yield* take(owner, "Safe"), 201)
      assert.strictEqual(yield* take(owner, "Safe"), "character.already_exists")
    })
  )

  it.effect("one's own characters join the rosters of one's guilds, follow what their owner says, and leave", () =>
    Effect.gen(function* () {
      const { admin, join, path: guild } = yield* foundGuild()
      const owner = yield* somebody()
      yield* owner.send("POST", path, { json: { ...mage, name: "Before" } })
      yield* join(owner, "raider")
      const after = yield* owner.send("POST", path, {
        json: { ...mage, name: "after", spec: "fire", rank: "alt", race: null }
      })
      assert.deepInclude(after.body.character, { name: "After", spec: "Fire", role: "ranged", rank: "alt", race: null })
      const mine = Effect.map(admin.send("GET", `${guild}/roster`), ({ body }) =>
        body.roster.players
          .find((p: Any) => p.user_id === owner.id)
          .characters.map((c: Any) => [c.name, c.spec, c.rank])
      )
      assert.deepStrictEqual(yield* mine, [
        ["Before", "Frost", "main"],
        ["After", "Fire", "alt"]
      ])
      const at = `${path}/${after.body.character.id}`
      const changed = yield* owner.send("PATCH", at, { json: { spec: "Arcane", rank: "main", race: "Troll" } })
      assert.deepInclude(changed.body.character, { spec: "Arcane", rank: "main", race: "Troll" })
      assert.deepStrictEqual(yield* mine, [
        ["After", "Arcane", "main"],
        ["Before", "Frost", "alt"]
      ])
      const renamed = yield* owner.send("PATCH", at, { json: { name: "Before" } })
      assert.strictEqual(renamed.body.error.code, "character.already_exists")
      const druid = yield* owner.send("PATCH", at, { json: { class: "Druid" } })
      assert.deepStrictEqual(druid.body.error.details.fields, [{ field: "spec", reason: "is missing" }])
      assert.strictEqual(
        (yield* owner.send("PATCH", at, { json: { class: "Druid", spec: "Feral", name: "Treant" } })).status,
        200
      )
      assert.deepStrictEqual(yield* mine, [
        ["Treant", "Feral", "main"],
        ["Before", "Frost", "alt"]
      ])
      assert.strictEqual((yield* admin.send("PATCH", at, { json: {} })).status, 404)
      assert.strictEqual((yield* owner.send("DELETE", at)).status, 204)
      assert.deepStrictEqual(yield* mine, [["Before", "Frost", "alt"]])
      assert.strictEqual((yield* owner.send("DELETE", at)).status, 404)
    })
  )

  it.effect("what another player's roster counts on stays when its owner goes, and is not renamed by them", () =>
    Effect.gen(function* () {
      const { admin, path: guild } = yield* foundGuild()
      const owner = yield* somebody()
      const { body } = yield* owner.send("POST", path, { json: { ...mage, name: "Shared" } })
      const put = { players: [{ name: "Nameless", characters: [{ ...mage, name: "Shared" }] }] }
      yield* admin.send("PUT", `${guild}/roster`, { json: put, headers: { "if-match": "*" } })
      const at = `${path}/${body.character.id}`
      const renamed = yield* owner.send("PATCH", at, { json: { name: "Other" } })
      assert.deepStrictEqual([renamed.status, renamed.body.error.details.fields[0].field], [400, "name"])
      assert.strictEqual((yield* owner.send("PATCH", at, { json: { spec: "Fire" } })).status, 200)
      assert.strictEqual((yield* owner.send("DELETE", at)).status, 204)
      const roster = yield* admin.send("GET", `${guild}/roster`)
      assert.deepStrictEqual(
        roster.body.roster.players[0].characters.map((c: Any) => [c.name, c.spec]),
        [["Shared", "Frost"]]
      )
      assert.deepStrictEqual(
        yield* query`select user_id as id from characters where name = 'Shared' and deleted_at is null`,
        [{ id: null }]
      )
    })
  )

  it.effect("nobody has more than 50, not even at once", () =>
    Effect.gen(function* () {
      const owner = yield* somebody()
      yield* query`insert into characters (user_id, name, region, server, class, race, spec, role, rank)
        select ${owner.id}::uuid, 'Many' || chr(97 + n / 26) || chr(97 + n % 26), 'eu', 'spineshatter', 'Mage', 'Troll', 'Frost', 'ranged', 'alt'
        from generate_series(1, 45) n`
      const answers = yield* Effect.all(
        Array.from("abcdefghijkl", (letter) => owner.send("POST", path, { json: { ...mage, name: `More${letter}` } })),
        { concurrency: "unbounded" }
      )
      assert.lengthOf(
        answers.filter(({ status }) => status === 201),
        5
      )
      assert.lengthOf(
        answers.filter(({ body }) => body.error?.code === "character.too_many"),
        7
      )
    })
  )

  it.effect("a field that is wrong is named", () =>
    Effect.gen(function* () {
      const owner = yield* somebody()
      for (const [change, field] of [
        [{ name: "No Way" }, "name"],
        [{ name: "R2d2" }, "name"],
        [{ region: "mars" }, "region"],
        [{ server: "Nowhere" }, "server"],
        [{ class: "Bard" }, "class"],
        [{ race: "Elf" }, "race"],
        [{ spec: "Holy" }, "spec"],
        [{ role: "dps" }, "role"],
        [{ rank: "third" }, "rank"]
      ] as const) {
        const { status, body } = yield* owner.send("POST", path, { json: { ...mage, name: "Fine", ...change } })
        assert.deepStrictEqual([status, body.error.details.fields.map((f: Any) => f.field)], [400, [field]])
      }
    })
  )
})
