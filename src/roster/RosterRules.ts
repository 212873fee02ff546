import { RaidRole } from "../game/Game.ts"
import type { wordsOf } from "../game/GameVersions.ts"
import { isReadable, tidy } from "../guilds/Guild.ts"
import { type FieldFault, limits, PlayerStatus, Rank } from "./Roster.ts"

/** A value as somebody wrote it: undefined to leave things as they are, null for none. */
export type Written = string | null | undefined

export type Words = ReturnType<typeof wordsOf>

/** Collects what is wrong with the fields of one row. */
export class Faults {
  readonly fields: Array<FieldFault> = []

  add(field: string, reason: string) {
    this.fields.push({ field, reason })
    return undefined
  }
}

const cased = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u

/**
 * A character's name as the game writes it: 2 to 12 letters, the first a capital where the script has them. Undefined if
 * it cannot be one.
 */
export const characterName = (text: string) => {
  const name = tidy(text)
  if (name.length > 24 || !/^\p{L}{2,12}$/u.test(name)) return undefined
  const [first = "", ...rest] = name
  const capital = first.toUpperCase()
  const head = cased.test(first) && [...capital].length === 1 ? capital : first
  return head + rest.join("").toLowerCase()
}

export const characterNameRule = "must have 2 to 12 letters, and nothing else"

export const playerName = (text: Written, faults: Faults) => {
  const name = tidy(text ?? "")
  return isReadable(name, 64)
    ? name
    : faults.add("name", "must have 1 to 64 visible characters and no control characters")
}

/** Empty is none. */
export const readNote = (text: Written, faults: Faults): Written => {
  if (text === undefined || text === null) return text
  const note = tidy(text)
  if (note === "") return null
  return isReadable(note, limits.note)
    ? note
    : faults.add("note", "must have at most 500 characters, no control characters")
}

export const readDiscordId = (text: Written, faults: Faults): Written => {
  if (text === undefined || text === null || text.trim() === "") return text === undefined ? undefined : null
  const id = text.trim()
  return /^\d{17,20}$/.test(id) ? id : faults.add("discord_user_id", "must be a Discord id: 17 to 20 digits")
}

/** One of a few words, whatever its case; empty is the same as left out. */
const oneOf =
  <A extends string>(field: string, all: ReadonlyArray<A>, others: ReadonlyMap<string, A> = new Map()) =>
  (text: Written, faults: Faults): A | undefined => {
    const word = (text ?? "").trim().toLowerCase()
    if (word === "") return undefined
    return all.find((one) => one === word) ?? others.get(word) ?? faults.add(field, `must be one of ${all.join(", ")}`)
  }

export const readStatus = oneOf("status", PlayerStatus.literals)
export const readRank = oneOf("rank", Rank.literals)
export const readRole = oneOf("role", RaidRole.literals, new Map([["healer", "heal"]]))
export const readRegion = oneOf("region", ["us", "eu", "kr", "tw", "cn"] as const)

const list = (all: ReadonlyArray<string>) => all.join(", ")

/** Of the class; a word that is stored already is kept, though no list has it. */
export const readSpec = (words: Words, className: string, text: string, stored: string | undefined, faults: Faults) => {
  const spec = words.specOf(className, text)
  if (spec !== undefined) return spec
  if (text === stored) return { name: text, role: undefined }
  const known = words.classOf(className)?.specs.map(({ name }) => name) ?? []
  return faults.add("spec", `must be a spec of ${className}: ${list(known)}`)
}

export const readClass = (words: Words, text: string, stored: string | undefined, faults: Faults) =>
  words.classOf(text)?.name ?? (text === stored ? text : faults.add("class", "is no class of this game version"))

export const readRace = (words: Words, text: string, stored: string | null | undefined, faults: Faults) =>
  words.raceOf(text)?.name ?? (text === stored ? text : faults.add("race", "is no race of this game version"))

/** Without repeats and without the main spec. */
export const readOffSpecs = (
  words: Words,
  className: string,
  spec: string,
  texts: ReadonlyArray<string>,
  stored: ReadonlyArray<string>,
  faults: Faults
) => {
  const names = texts.map((text) => words.specOf(className, text)?.name ?? (stored.includes(text) ? text : undefined))
  const specs = new Set(names.filter((name) => name !== undefined && name !== spec) as Array<string>)
  if (names.includes(undefined)) return faults.add("off_specs", `must be specs of ${className}`)
  return specs.size > limits.offSpecs ? faults.add("off_specs", `must be at most ${limits.offSpecs}`) : [...specs]
}
