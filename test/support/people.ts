import { Effect } from "effect"
import { profileOf } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "./Browser.ts"
import { TestApp } from "./TestApp.ts"

let next = 910_000_000_000_000_000n

/** A new person, signed in: their browser and their id. */
export const somebody = Effect.fnUntraced(function* (at?: string) {
  const { discord } = yield* TestApp
  const id = String((next += 1n))
  discord.addPersona({ id, label: id, profile: profileOf({ id, username: `user-${id}`, globalName: null }) })
  const browser = yield* openBrowser(at)
  yield* browser.signIn(id)
  return { ...browser, id: (yield* browser.client.sessions.current()).user.id }
})

type Person = Effect.Success<ReturnType<typeof somebody>>

export const details = {
  name: "Night Watch",
  realm: "Spineshatter",
  region: "eu",
  faction: "horde",
  game_version: "classicann"
}

/** A guild with one admin, and ways to let others join. */
export const foundGuild = Effect.fnUntraced(function* () {
  const admin = yield* somebody()
  const { guild } = yield* admin.client.guilds.create({ payload: details })
  const params = { guild_id: guild.id }
  const invite = Effect.map(admin.client.guilds.rotateInvite({ params, payload: null }), ({ invite }) => invite.code)
  const join = Effect.fnUntraced(function* (person: Person, role?: "raider" | "officer" | "admin") {
    yield* person.client.invites.accept({ params: { invite_code: yield* invite } })
    if (role === undefined) return
    yield* admin.client.guilds.setRole({ params: { ...params, user_id: person.id }, payload: { role } })
  })
  return { guild, params, admin, invite, join, path: `/api/v1/guilds/${guild.id}` }
})
