import { Effect } from "effect"
import { roster } from "../../src/demo/simulators/roster.ts"
import { personas } from "../../src/demo/simulators/Personas.ts"
import type { openBrowser } from "./Browser.ts"

/** The guild of the roster seed. */
export const seededGuild = "a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae" as never

type Browser = Effect.Success<ReturnType<typeof openBrowser>>
type Known = Partial<Pick<(typeof roster)[number]["characters"][number], "wcl" | "bnet" | "role">>

/** A seeded character of the raider persona about which the providers know as much as asked. */
export const characterOf = Effect.fnUntraced(function* ({ client }: Browser, known: Known) {
  const { name } = roster
    .find((player) => player.discordId === personas.raider.id)!
    .characters.find((character) =>
      Object.entries(known).every(([key, value]) => character[key as keyof Known] === value)
    )!
  const { characters } = yield* client.guilds.characters({ params: { guild_id: seededGuild } })
  return characters.find((character) => character.name === name)!
})
