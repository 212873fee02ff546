import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { foundGuild, somebody } from "../support/people.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"
import type { Any } from "./Any.ts"

const mage = { region: "eu", server: "Spineshatter", class: "Mage", race: "Undead", spec: "Frost" }

layer(TestApp.layer(), live)("edits of the roster", (it) => {
  const opened = Effect.gen(function* () {
    const { admin, path, guild, join, ...rest } = yield* foundGuild()
    const add = (json: unknown) =>
      Effect.map(admin.send("POST", `${path}/players`, { json }), ({ body }) => body.player)
    const roster = Effect.map(admin.send("GET", `${path}/roster`), ({ body }) => body.roster)
    const raider = yield* somebody()
    yield* join(raider, "raider")
    const mine = Effect.map(roster, ({ players }) => players.find((p: Any) => p.user_id === raider.id))
    return { ...rest, admin, path, guild, join, add, roster, raider, mine }
  })

  it.effect("a player and their characters: made, changed, moved, removed, each with the revision", () =>
    Effect.gen(function* () {
      const { admin, path, add, roster } = yield* opened
      const { revision } = yield* roster
      const made = yield* admin.send("POST", `${path}/players`, {
        json: { name: " Bo\u0308b ", note: "", status: "trial" }
      })
      assert.strictEqual(made.status, 201)
      assert.strictEqual(made.headers.etag, `"${revision + 1}"`)
      const { player } = made.body
      assert.deepInclude(player, {
        name: "Böb",
        note: null,
        status: "trial",
        user_id: null,
        discord: null,
        characters: []
      })
      const at = `${path}/players/${player.id}`

      const first = yield* admin.send("POST", `${at}/characters`, { json: { ...mage, name: "bobbin" } })
      assert.deepStrictEqual([first.status, first.headers.etag], [201, `"${revision + 2}"`])
      assert.deepInclude(first.body.character, {
        name: "Bobbin",
        rank: "main",
        role: "ranged",
        off_specs: [],
        note: null
      })
      const second = yield* admin.send("POST", `${at}/characters`, {
        json: { name: "Bobba", class: "druid", spec: "feral", role: "melee", rank: "main", off_specs: ["balance"] }
      })
      assert.deepInclude(second.body.character, {
        race: null,
        region: "eu",
        server: "Spineshatter",
        spec: "Feral",
        role: "melee"
      })
      const now = (yield* roster).players.find((p: Any) => p.id === player.id)
      assert.deepStrictEqual(
        now.characters.map((c: Any) => [c.name, c.rank]),
        [
          ["Bobba", "main"],
          ["Bobbin", "alt"]
        ]
      )
      assert.deepStrictEqual(now.characters[0], second.body.character)

      const entry = `${at}/characters/${first.body.character.entry_id}`
      const fire = yield* admin.send("PATCH", entry, { json: { spec: "Fire", note: "new gear", rank: "main" } })
      assert.deepStrictEqual([fire.status, fire.headers.etag], [200, `"${revision + 4}"`])
      assert.deepInclude(fire.body.character, { spec: "Fire", note: "new gear", rank: "main", role: "ranged" })
      const idle = yield* admin.send("PATCH", entry, {
        json: { spec: "Fire" },
        headers: { "if-match": fire.headers.etag! }
      })
      assert.deepStrictEqual(
        [idle.status, idle.headers.etag, idle.body.character],
        [200, fire.headers.etag, fire.body.character]
      )
      const other = yield* add({ name: "Other" })
      const moved = yield* admin.send("PATCH", entry, { json: { player_id: other.id } })
      assert.deepStrictEqual([moved.status, moved.body.character.rank], [200, "main"])
      assert.strictEqual((yield* admin.send("PATCH", entry, { json: {} })).body.error.code, "character.not_found")
      const gone = yield* admin.send(
        "DELETE",
        `${path}/players/${other.id}/characters/${first.body.character.entry_id}`
      )
      assert.strictEqual(gone.status, 204)
      assert.strictEqual((yield* admin.send("DELETE", at)).status, 204)
      assert.strictEqual((yield* admin.send("PATCH", at, { json: {} })).body.error.code, "player.not_found")
      assert.deepStrictEqual(
        yield* query`select count(*)::int as n from characters where name like 'Bobb%' and deleted_at is null`,
        [{ n: 2 }]
      )
    })
  )

  it.effect("the history tells who changed what of whom, from and to", () =>
    Effect.gen(function* () {
      const { admin, path, add } = yield* opened
      const player = yield* add({ name: "Bob" })
      const at = `${path}/players/${player.id}`
      const { body } = yield* admin.send("POST", `${at}/characters`, { json: { ...mage, name: "Historia" } })
      yield* admin.send("PATCH", `${at}/characters/${body.character.entry_id}`, { json: { spec: "Fire" } })
      yield* admin.send("PATCH", at, { json: { status: "bench", name: "Robert" } })
      yield* admin.send("DELETE", at)
      const first = yield* admin.send("GET", `${path}/roster/history?limit=3`)
      const rest = yield* admin.send("GET", `${path}/roster/history?limit=100&cursor=${first.body.next_cursor}`)
      assert.strictEqual(rest.body.next_cursor, null)
      const told = [...first.body.changes, ...rest.body.changes].map((c: Any) => [
        c.change,
        c.player.name,
        c.character?.name ?? null
      ])
      assert.deepStrictEqual(told.slice(0, 6), [
        ["character_removed", "Robert", "Historia"],
        ["player_removed", "Robert", null],
        ["player_changed", "Robert", null],
        ["character_changed", "Bob", "Historia"],
        ["character_added", "Bob", "Historia"],
        ["player_added", "Bob", null]
      ])
      const [, , renamed] = first.body.changes
      assert.deepStrictEqual(renamed.fields, [
        { field: "name", from: "Bob", to: "Robert" },
        { field: "status", from: "active", to: "bench" }
      ])
      assert.deepStrictEqual(rest.body.changes[0].fields, [{ field: "spec", from: "Frost", to: "Fire" }])
      for (const { actor } of first.body.changes) assert.strictEqual(actor.user_id, admin.id)
      // Two more: the raider, promoted by the admin; and the founder, of whom no edit tells.
      assert.deepStrictEqual(told.length, 8)
    })
  )

  it.effect("a raider changes their own note and characters, and nothing else", () =>
    Effect.gen(function* () {
      const { admin, path, add, raider, mine } = yield* opened
      const own = yield* mine
      const at = `${path}/players/${own.id}`
      assert.strictEqual((yield* raider.send("PATCH", at, { json: { note: "late" } })).body.player.note, "late")
      for (const json of [
        { name: "X" },
        { status: "bench" },
        { discord_user_id: null },
        { note: "a", status: "active" }
      ]) {
        assert.strictEqual((yield* raider.send("PATCH", at, { json })).body.error.code, "guild.admin_required")
      }
      const added = yield* raider.send("POST", `${at}/characters`, { json: { ...mage, name: "Ownalt" } })
      assert.strictEqual(added.status, 201)
      const entry = `${at}/characters/${added.body.character.entry_id}`
      assert.strictEqual(
        (yield* raider.send("PATCH", entry, { json: { off_specs: ["Fire", "Frost", "fire"] } })).status,
        200
      )
      assert.deepStrictEqual((yield* mine).characters[0].off_specs, ["Fire"])
      const other = yield* add({ name: "Other" })
      for (const [method, url, json] of [
        ["DELETE", entry, undefined],
        ["PATCH", entry, { player_id: other.id }],
        ["PATCH", `${path}/players/${other.id}`, { note: "x" }],
        ["POST", `${path}/players/${other.id}/characters`, { ...mage, name: "Otheralt" }],
        ["POST", `${at}/link`, { user_id: null }]
      ] as const) {
        const answer = yield* raider.send(method, url, json === undefined ? {} : { json })
        assert.strictEqual(answer.body.error?.code, "guild.admin_required", `${method} ${url}`)
      }
      yield* admin.send("PATCH", `${path}/members/${raider.id}`, { json: { role: "applicant" } })
      assert.strictEqual(
        (yield* raider.send("PATCH", at, { json: { note: "x" } })).body.error.code,
        "guild.admin_required"
      )
    })
  )

  it.effect("refuses what the roster has already, and what is not valid", () =>
    Effect.gen(function* () {
      const { admin, path, add, mine } = yield* opened
      const own = yield* mine
      const player = yield* add({ name: "Nameless", discord_user_id: "930000000000000001" })
      yield* add({ name: "Lone" })
      const code = (method: "POST" | "PATCH", url: string, json: unknown) =>
        Effect.map(admin.send(method, url, { json }), ({ body }) => [
          body.error?.code,
          body.error?.details.fields?.[0]?.field
        ])
      const players = `${path}/players`
      assert.deepStrictEqual(yield* code("POST", players, { name: "LONE" }), ["player.already_exists", undefined])
      assert.deepStrictEqual(yield* code("POST", players, { name: "B", discord_user_id: "930000000000000001" }), [
        "player.already_exists",
        undefined
      ])
      assert.deepStrictEqual(yield* code("POST", players, { name: "B", discord_user_id: own.discord_user_id }), [
        "player.already_exists",
        undefined
      ])
      for (const [json, field] of [
        [{ name: "\u202Ex" }, "name"],
        [{ name: "x".repeat(65) }, "name"],
        [{ name: "B", status: "gone" }, "status"],
        [{ name: "B", note: "x".repeat(501) }, "note"],
        [{ name: "B", discord_user_id: "abc" }, "discord_user_id"]
      ] as const) {
        assert.deepStrictEqual(yield* code("POST", players, json), ["player.validation_failed", field])
      }
      const at = `${players}/${player.id}/characters`
      assert.strictEqual((yield* admin.send("POST", at, { json: { ...mage, name: "Kravá" } })).status, 201)
      assert.strictEqual((yield* admin.send("POST", at, { json: { ...mage, name: "Krava\u0300" } })).status, 201)
      for (const name of ["Kravá", "KRAVÁ", "krava\u0301"]) {
        assert.deepStrictEqual(yield* code("POST", at, { ...mage, name }), ["character.already_exists", undefined])
      }
      assert.deepStrictEqual(yield* code("POST", at, { ...mage, name: "Nope", server: "Nowhere" }), [
        "character.validation_failed",
        "server"
      ])
      assert.deepStrictEqual(yield* code("POST", at, { ...mage, name: "Nope", spec: "Holy" }), [
        "character.validation_failed",
        "spec"
      ])
      // Another guild cannot turn it into another class.
      const there = yield* opened
      const theirs = yield* there.add({ name: "Thief" })
      const stolen = yield* there.admin.send("POST", `${there.path}/players/${theirs.id}/characters`, {
        json: { ...mage, name: "Kravá", class: "Rogue", spec: "Combat" }
      })
      assert.deepStrictEqual(stolen.body.error.details.fields, [
        { field: "class", reason: "is Mage on another roster" }
      ])
    })
  )

  it.effect("an officer binds a player to a member, whose blank player it replaces, and frees it", () =>
    Effect.gen(function* () {
      const { admin, path, add, roster, raider, mine } = yield* opened
      const blank = yield* mine
      const named = yield* add({ name: "Written by hand" })
      yield* admin.send("POST", `${path}/players/${named.id}/characters`, { json: { ...mage, name: "Byhand" } })
      const link = (user_id: string | null) =>
        admin.send("POST", `${path}/players/${named.id}/link`, { json: { user_id } })
      const bound = yield* link(raider.id)
      assert.deepStrictEqual(
        [bound.status, bound.body.player.user_id, bound.body.player.name],
        [200, raider.id, "Written by hand"]
      )
      assert.strictEqual(bound.body.player.discord.id, blank.discord_user_id)
      assert.notInclude(
        (yield* roster).players.map((p: Any) => p.id),
        blank.id
      )
      const freed = yield* link(null)
      assert.deepStrictEqual([freed.body.player.user_id, freed.body.player.discord_user_id], [null, null])
      const stranger = yield* somebody()
      assert.strictEqual((yield* link(stranger.id)).body.error.code, "guild.member_not_found")
      // Whoever is bound to a player with characters is not taken from it.
      const again = yield* link(raider.id)
      const other = yield* add({ name: "Second" })
      const refused = yield* admin.send("POST", `${path}/players/${other.id}/link`, { json: { user_id: raider.id } })
      assert.deepStrictEqual([again.status, refused.body.error.code], [200, "player.already_exists"])
    })
  )
})
