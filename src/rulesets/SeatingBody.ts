import { Schema } from "effect"
import { Faction, RaidRole } from "../game/Game.ts"
import { wordsOf } from "../game/GameVersions.ts"
import { field } from "../http/Documented.ts"
import type { Seat } from "./Compiled.ts"
import type { Seating } from "./Seating.ts"
import { Overrides, type Ruleset } from "./Ruleset.ts"
import { type Fault, valueFaults } from "./Words.ts"

const Word = Schema.String.check(Schema.isMaxLength(64))
const Effects = Schema.Array(Word).check(Schema.isMaxLength(30))

const SentSeat = Schema.Struct({
  class: field(Word, "A class of the ruleset's game version.", "Warrior"),
  spec: field(Word, "A specialisation of the class.", "Fury"),
  role: Schema.optionalKey(field(RaidRole, "The spec's unless told.", "melee")),
  race: Schema.optionalKey(field(Schema.NullOr(Word), "For what only a race gives; null when unknown.", "Orc")),
  player: Schema.optionalKey(
    field(Schema.NullOr(Word), "Any name or id, by which a player in two seats is found.", "Aldra")
  ),
  brings: Schema.optionalKey(field(Effects, "Effects that it is known to give.", ["drums"])),
  lacks: Schema.optionalKey(field(Effects, "Effects that it is known not to give.", []))
}).annotate({ identifier: "CoverageSeatBody", description: "Somebody in a raid." })

const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))
const Range = Schema.Struct({
  min: field(Count, "The fewest.", 2),
  max: field(Count, "The most.", 4)
}).annotate({ identifier: "RoleRangeBody", description: "How many of a role there should be." })
const range = (min: number, max: number) => Schema.optionalKey(field(Range, "How many.", { min, max }))

const SentRaid = Schema.Struct({
  size: Schema.optionalKey(field(Schema.NullOr(Count), "How many seats it has; those of its groups if left out.", 25)),
  starts_at: Schema.optionalKey(
    field(
      Schema.NullOr(Schema.String.check(Schema.isMaxLength(40))),
      "RFC 3339; null if that is open.",
      "2026-12-02T19:30:00Z",
      { format: "date-time" }
    )
  ),
  targets: Schema.optionalKey(
    field(
      Schema.NullOr(Schema.Struct({ tank: range(2, 4), heal: range(5, 8), melee: range(0, 25), ranged: range(0, 25) })),
      "How many of each role it should have; the ruleset's if left out.",
      null
    )
  ),
  groups: field(
    Schema.Array(Schema.Array(Schema.NullOr(SentSeat)).check(Schema.isMaxLength(5))).check(Schema.isMaxLength(8)),
    "At most eight, each of at most five seats; null is a free one.",
    [[{ class: "Warrior", spec: "Fury" }, { class: "Shaman", spec: "Enhancement" }, null]]
  )
}).annotate({ identifier: "CoverageRaidBody", description: "A raid whose coverage is asked for." })

export const SeatingBody = Schema.Struct({
  faction: Schema.optionalKey(
    field(Schema.NullOr(Faction), "What only the other faction has is left out; null when unknown.", "horde")
  ),
  values: Schema.optionalKey(
    field(Overrides, "In place of the ruleset's values, by effect: a guild's overrides, say.", {
      windfury_totem: { Rogue: 900 }
    })
  ),
  raids: field(Schema.Array(SentRaid).check(Schema.isMinLength(1), Schema.isMaxLength(8)), "One to eight.", [
    { size: 10, groups: [[{ class: "Warrior", spec: "Fury" }, { class: "Shaman", spec: "Enhancement" }, null]] }
  ])
}).annotate({ identifier: "SeatingBody", description: "Raids that are seated together, and stored nowhere." })

const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/i
const isTime = (text: string) => timePattern.test(text) && !Number.isNaN(Date.parse(text))

/** The seating with the game's own words, or what it says that the ruleset and its game do not know. */
export const readSeating = (
  ruleset: Ruleset,
  { faction = null, values = {}, raids }: typeof SeatingBody.Type
): { readonly seating: Seating; readonly faults: ReadonlyArray<Fault> } => {
  const words = wordsOf(ruleset.game_version)
  const ids = new Set(ruleset.effects.map(({ id }) => id))
  const faults: Array<Fault> = [...valueFaults(ruleset, values)]

  const readSeat = (sent: typeof SentSeat.Type, at: string): Seat | null => {
    const { race = null, player = null, brings = [], lacks = [] } = sent
    const found = words.classOf(sent.class)
    const spec = found && words.specOf(found.name, sent.spec)
    const known = race === null ? null : words.raceOf(race)
    for (const [name, list] of Object.entries({ brings, lacks })) {
      for (const id of list) if (!ids.has(id)) faults.push({ field: `${at}.${name}`, reason: `${id} is no effect` })
    }
    if (known === undefined) faults.push({ field: `${at}.race`, reason: "is no race of this game" })
    if (found === undefined) faults.push({ field: `${at}.class`, reason: "is no class of this game" })
    else if (spec === undefined) faults.push({ field: `${at}.spec`, reason: `is no specialisation of ${found.name}` })
    if (found === undefined || spec === undefined) return null
    const role = sent.role ?? spec.role
    return { class: found.name, spec: spec.name, role, race: known?.name ?? null, player, brings, lacks }
  }

  const seating = {
    faction,
    raids: raids.map(({ size = null, starts_at = null, targets = null, groups }, raid) => {
      if (starts_at !== null && !isTime(starts_at)) {
        faults.push({ field: `raids.${raid}.starts_at`, reason: "is no time in RFC 3339" })
      }
      const seats = groups.map((group, at) =>
        group.map((seat, slot) => (seat === null ? null : readSeat(seat, `raids.${raid}.groups.${at}.${slot}`)))
      )
      return { size, starts_at, targets, groups: seats }
    })
  }
  return { seating, faults }
}
