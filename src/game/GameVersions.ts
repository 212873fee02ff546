import { burningCrusade, classicEra } from "./ClassicData.ts"
import { retail } from "./RetailData.ts"
import type { GameData } from "./GameData.ts"

/** By the word for the version; the Anniversary realms have two. */
export const gameVersions: ReadonlyMap<string, GameData> = new Map([
  ["classic1x", classicEra],
  ["classic", { ...burningCrusade, label: "The Burning Crusade Anniversary" }],
  ["classicann", { ...burningCrusade, label: "The Burning Crusade Anniversary" }],
  ["tbc", { ...burningCrusade, label: "The Burning Crusade Classic (2021)" }],
  ["retail", retail]
])

/** Words as people write them: `blood elf`, `BloodElf` and `Blood-Elf` are one. */
const bare = (text: string) =>
  text
    .normalize("NFC")
    .toLowerCase()
    .replace(/[\s'’_-]+/g, "")

const lookUp = <A extends { readonly name: string }>(all: ReadonlyArray<A>) => {
  const byName = new Map(all.map((one) => [bare(one.name), one]))
  return (text: string): A | undefined => byName.get(bare(text))
}

const lookUpsOf = ({ classes, races }: GameData) => {
  const specs = new Map(classes.map((one) => [one.name, lookUp(one.specs)]))
  return {
    classOf: lookUp(classes),
    raceOf: lookUp(races),
    /** Of the class by that exact name. */
    specOf: (className: string, text: string) => specs.get(className)?.(text)
  }
}

const lookUps = new Map([...gameVersions].map(([version, data]) => [version, lookUpsOf(data)]))

/** How to find the words of a guild's game version. */
export const wordsOf = (version: string) => lookUps.get(version)!

const first =
  <A>(look: (words: Words) => A | undefined) =>
  (): A | undefined => {
    for (const words of lookUps.values()) {
      const found = look(words)
      if (found !== undefined) return found
    }
    return undefined
  }

type Words = ReturnType<typeof lookUpsOf>

/** The words of any version, for a character that belongs to no guild. */
export const anyWords: Words = {
  classOf: (text) => first((words) => words.classOf(text))(),
  raceOf: (text) => first((words) => words.raceOf(text))(),
  specOf: (className, text) => first((words) => words.specOf(className, text))()
}
