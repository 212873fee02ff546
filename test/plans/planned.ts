import { Effect } from "effect"
import { foundGuild, somebody } from "../support/people.ts"
import type { Any } from "../roster/Any.ts"

const classes = [
  ["Warrior", "Arms"],
  ["Paladin", "Holy"],
  ["Hunter", "BeastMastery"],
  ["Rogue", "Combat"],
  ["Priest", "Shadow"],
  ["Shaman", "Enhancement"],
  ["Mage", "Frost"],
  ["Warlock", "Affliction"],
  ["Druid", "Feral"]
] as const

const letters = (n: number) =>
  Array.from({ length: 3 }, (_, at) => String.fromCharCode(97 + (Math.floor(n / 26 ** at) % 26))).join("")

let guilds = 0

/**
 * A guild with an officer, and so many players with a main and an alt each: their entries are `mains` and `alts`.
 * `seat`, `write` and `read` are of its plan of two raids, of 25 and of 10.
 */
export const plannedGuild = Effect.fnUntraced(function* (players = 30) {
  const found = yield* foundGuild()
  const { admin, path, join } = found
  const officer = yield* somebody()
  yield* join(officer, "officer")
  const mark = letters((guilds += 1))
  const character = (name: string, at: number, rank: string) => {
    const [className, spec] = classes[at % classes.length]!
    return { name, region: "eu", server: "Spineshatter", class: className, race: "Orc", spec, rank }
  }
  const json = Array.from({ length: players }, (_, at) => ({
    name: `Player ${at}`,
    characters: [character(`M${mark}${letters(at)}`, at, "main"), character(`A${mark}${letters(at)}`, at + 1, "alt")]
  }))
  yield* admin.send("POST", `${path}/roster/import`, { json })
  const { roster } = (yield* admin.send("GET", `${path}/roster`)).body
  const listed: ReadonlyArray<Any> = Array.from({ length: players }, (_, at) =>
    roster.players.find((one: Any) => one.name === `Player ${at}`)
  )
  const raids = [
    { title: "Karazhan A", size: 25, starts_at: "2026-12-02T20:30:00+01:00", zone: "Karazhan" },
    { title: "Karazhan B", size: 10 }
  ]
  const made = (yield* admin.send("POST", `${path}/plans`, { json: { title: "Wednesday", raids } })).body.plan
  const url = `/api/v1/plans/${made.id}`
  const patch = (ops: ReadonlyArray<unknown>, seen: number | "*" = "*", who = admin) =>
    who.send("PATCH", url, { json: { ops }, headers: { "if-match": seen === "*" ? seen : `"${seen}"` } })
  const put = (json: unknown, seen: number | "*" = "*", who = admin) =>
    who.send("PUT", url, { json, headers: { "if-match": seen === "*" ? seen : `"${seen}"` } })
  return {
    ...found,
    officer,
    players: listed,
    mains: listed.map(({ characters }) => characters[0] as Any),
    alts: listed.map(({ characters }) => characters[1] as Any),
    plan: made,
    url,
    patch,
    put,
    read: Effect.map(admin.send("GET", url), ({ body }) => body.plan as Any)
  }
})

export const seat = (entry: Any, raid: number, group: number, slot: number) => ({
  op: "seat",
  entry_id: entry.entry_id,
  raid,
  group,
  slot
})
