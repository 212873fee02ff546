import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { profileOf } from "../../src/demo/simulators/Personas.ts"
import { foundGuild, somebody } from "../support/people.ts"
import { openBrowser } from "../support/Browser.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"
import type { Any } from "./Any.ts"

const mage = { region: "eu", server: "Spineshatter", class: "Mage", race: "Undead", spec: "Frost" }

layer(TestApp.layer(), live)("members on the roster", (it) => {
  const opened = Effect.gen(function* () {
    const { admin, path, guild, join } = yield* foundGuild()
    const person = yield* somebody()
    const [row] =
      yield* query`select discord_user_id as discord from discord_identities where user_id = ${person.id}::uuid`
    const discord = String(row!.discord)
    const players = Effect.map(admin.send("GET", `${path}/roster`), ({ body }) => body.roster.players)
    const them = Effect.map(players, (all) => {
      const found = all.filter((p: Any) => p.discord_user_id === discord)
      assert.isAtMost(found.length, 1)
      return found[0]
    })
    const view = Effect.map(
      them,
      (p) => p && [p.name, p.status, p.user_id === person.id, p.characters.map((c: Any) => c.name)]
    )
    const shown = Effect.map(admin.send("GET", `${path}/characters`), ({ body }) =>
      body.characters.map((c: Any) => c.name)
    )
    return { admin, path, guild, join, person, discord, players, them, view, shown }
  })

  it.effect("whoever becomes raider has a player; one that waits by Discord id is linked before that", () =>
    Effect.gen(function* () {
      const { admin, path, join, person, discord, them, view } = yield* opened
      yield* admin.send("POST", `${path}/players`, { json: { name: "Expected", discord_user_id: discord } })
      assert.deepStrictEqual(yield* view, ["Expected", "active", false, []])
      yield* join(person)
      assert.deepStrictEqual(yield* view, ["Expected", "active", true, []])
      const other = yield* somebody()
      yield* join(other)
      const without = yield* admin.send("GET", `${path}/roster`)
      assert.notInclude(
        without.body.roster.players.map((p: Any) => p.user_id),
        other.id
      )
      yield* admin.send("PATCH", `${path}/members/${other.id}`, { json: { role: "raider" } })
      const after = yield* admin.send("GET", `${path}/roster`)
      assert.include(
        after.body.roster.players.map((p: Any) => p.user_id),
        other.id
      )
      assert.strictEqual((yield* them).discord.id, discord)
    })
  )

  it.effect("whoever leaves is freed and inactive, loses nothing, and comes back as they were", () =>
    Effect.gen(function* () {
      const { admin, path, join, person, them, view, shown } = yield* opened
      yield* join(person, "raider")
      const { id } = yield* them
      yield* admin.send("POST", `${path}/players/${id}/characters`, { json: { ...mage, name: "Leaverone" } })
      yield* admin.send("PATCH", `${path}/players/${id}`, { json: { status: "bench", note: "kept", name: "Our name" } })
      assert.deepStrictEqual(yield* shown, ["Leaverone"])
      yield* person.send("DELETE", `${path}/members/${person.id}`)
      assert.deepStrictEqual(yield* view, ["Our name", "inactive", false, ["Leaverone"]])
      assert.strictEqual((yield* them).discord, null)
      assert.deepStrictEqual(yield* shown, [])
      yield* join(person)
      assert.deepStrictEqual(yield* view, ["Our name", "bench", true, ["Leaverone"]])
      assert.deepInclude(yield* them, { id, note: "kept" })
      assert.deepStrictEqual(yield* shown, ["Leaverone"])
      // Out of the guild by an admin, who stands in the history.
      yield* admin.send("DELETE", `${path}/members/${person.id}`)
      const { body } = yield* admin.send("GET", `${path}/roster/history?limit=1`)
      assert.deepStrictEqual([body.changes[0].actor.user_id, body.changes[0].player.id], [admin.id, id])
    })
  )

  it.effect("a new name on Discord shows as Discord's, not as the guild's; the tag changes with it", () =>
    Effect.gen(function* () {
      const { discord: simulator } = yield* TestApp
      const { admin, path, join, person, discord, them } = yield* opened
      yield* join(person, "raider")
      const before = yield* them
      const { headers } = yield* admin.send("GET", `${path}/roster`)
      const [edited] =
        yield* query`select edited_revision::int as n from rosters where guild_id = ${path.split("/")[4]!}::uuid`
      simulator.addPersona({
        id: discord,
        label: discord,
        profile: profileOf({ id: discord, username: "renamed", globalName: "Renamed" })
      })
      yield* (yield* openBrowser()).signIn(discord)
      const { status } = yield* admin.send("GET", `${path}/roster`, { headers: { "if-none-match": headers.etag! } })
      assert.strictEqual(status, 200)
      const after = yield* them
      assert.deepStrictEqual([after.name, after.discord.global_name], [before.name, "Renamed"])
      // It is no edit: whoever read the roster before may still write it.
      assert.deepStrictEqual(
        yield* query`select edited_revision::int as n from rosters where guild_id = ${path.split("/")[4]!}::uuid`,
        [edited!]
      )
      const put = yield* admin.send("PUT", `${path}/roster`, {
        json: { players: [] },
        headers: { "if-match": headers.etag! }
      })
      assert.strictEqual(put.status, 200)
    })
  )

  it.effect("a deleted user is freed and inactive; signing in again brings them back", () =>
    Effect.gen(function* () {
      const { admin, path, join, person, discord, them, view } = yield* opened
      yield* join(person, "raider")
      const { name } = yield* them
      yield* admin.send("POST", `${path}/players/${(yield* them).id}/characters`, {
        json: { ...mage, name: "Deletedone" }
      })
      yield* query`update users set deleted_at = now() where id = ${person.id}::uuid`
      assert.deepStrictEqual(yield* view, [name, "inactive", false, ["Deletedone"]])
      yield* (yield* openBrowser()).signIn(discord)
      assert.deepStrictEqual(yield* view, [name, "active", true, ["Deletedone"]])
    })
  )

  it.effect("a member without a player gets one at the next sign-in", () =>
    Effect.gen(function* () {
      const { admin, path, join, person, discord, them } = yield* opened
      yield* join(person, "raider")
      yield* admin.send("PUT", `${path}/roster`, { json: { players: [] }, headers: { "if-match": "*" } })
      assert.strictEqual(yield* them, undefined)
      yield* (yield* openBrowser()).signIn(discord)
      assert.strictEqual((yield* them).user_id, person.id)
    })
  )

  it.effect("304 until the roster changes, by an edit or by a provider", () =>
    Effect.gen(function* () {
      const { admin, path, join, person, them } = yield* opened
      yield* join(person, "raider")
      const at = `${path}/players/${(yield* them).id}/characters`
      const { body } = yield* admin.send("POST", at, { json: { ...mage, name: "Cyrandel", spec: "Arcane" } })
      const first = yield* admin.send("GET", `${path}/roster`)
      const ask = admin.send("GET", `${path}/roster`, { headers: { "if-none-match": first.headers.etag! } })
      assert.deepStrictEqual([(yield* ask).status, (yield* ask).body], [304, ""])
      // Officers may refresh what is on their roster.
      const refreshed = yield* admin.send("POST", `/api/v1/characters/${body.character.id}/battlenet/refresh`)
      assert.strictEqual(refreshed.status, 200)
      const second = yield* ask
      assert.strictEqual(second.status, 200)
      assert.deepInclude((yield* them).characters[0].summary.battlenet, {
        level: refreshed.body.battlenet.level,
        fetched_at: refreshed.body.battlenet.fetched_at,
        error: null
      })
      const stranger = yield* somebody()
      assert.strictEqual(
        (yield* stranger.send("POST", `/api/v1/characters/${body.character.id}/battlenet/refresh`)).status,
        404
      )
    })
  )
})
