import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { personas } from "../src/demo/simulators/Personas.ts"
import { openBrowser } from "./support/Browser.ts"
import { live, TestApp } from "./support/TestApp.ts"

const seededGuild = "a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae"

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("the main job", (it) => {
  it.effect("from signing in to a refreshed character, with the typed client", () =>
    Effect.gen(function* () {
      const { client, send, signIn } = yield* openBrowser()
      yield* signIn(personas.raider.id)
      const { user, session } = yield* client.sessions.current()
      assert.strictEqual(user.discord.global_name, "Cyra")
      assert.isTrue(session.is_current)

      const details = {
        name: "  Night Watch ",
        realm: "Spineshatter",
        region: "EU",
        faction: "Horde",
        game_version: "classicann"
      }
      const refused = yield* send("POST", "/api/v1/guilds", { json: details, headers: { "x-csrf-token": "wrong" } })
      assert.deepStrictEqual([refused.status, refused.body.error.code], [403, "auth.csrf_invalid"])
      const { guild } = yield* client.guilds.create({ payload: details })
      assert.deepInclude(guild, { name: "Night Watch", region: "eu", faction: "horde", membership_role: "admin" })

      const params = { guild_id: guild.id }
      assert.deepStrictEqual((yield* client.guilds.get({ params })).guild, guild)
      assert.lengthOf((yield* client.guilds.members({ params })).members, 1)
    })
  )

  it.effect("a roster, both refreshes, a character's detail, and logging out", () =>
    Effect.gen(function* () {
      const { client, signIn } = yield* openBrowser()
      yield* signIn(personas.raider.id)
      const { user } = yield* client.sessions.current()
      const { guilds } = yield* client.guilds.list()
      const seeded = guilds.find((guild) => guild.id === seededGuild)!
      assert.strictEqual(seeded.membership_role, "raider")
      const { characters } = yield* client.guilds.characters({ params: { guild_id: seeded.id } })
      assert.isAtLeast(characters.length, 60)

      const mage = characters.find((character) => character.user_id === user.id && character.rank === "main")!
      const params = { character_id: mage.id }
      const { warcraftlogs } = yield* client.refreshes.warcraftlogs({ params })
      const { battlenet } = yield* client.refreshes.battlenet({ params })
      const { character } = yield* client.characters.get({ params })
      assert.deepStrictEqual(character.warcraftlogs, warcraftlogs)
      assert.deepStrictEqual(character.battlenet, battlenet)
      assert.isAbove(warcraftlogs.gear.length, 10)
      assert.isAbove(warcraftlogs.rankings.length, 0)
      assert.deepInclude(battlenet, { level: 70, faction: "horde", error: null })

      yield* client.sessions.logout()
      const gone = yield* Effect.flip(client.sessions.current())
      assert.strictEqual(gone._tag, "auth.unauthorized")
    })
  )
})
