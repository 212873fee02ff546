import { gameVersions, wordsOf } from "./GameVersions.ts"

/**
 * Warcraft Logs tells some builds of a tree apart by words of its own. The tree behind each, as published in
 * https://github.com/tylerthardy/wow-classic-app/blob/007767e/core/src/specializations/specializations.ts, where they
 * are marked `isWarcraftLogsOnly` beside the tree's number at Blizzard.
 */
const builds: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "Death Knight": { Runeblade: "Blood", Lichborne: "Blood" },
  Druid: { Guardian: "Feral", Warden: "Feral" },
  Paladin: { Justicar: "Protection" },
  Warrior: { Champion: "Protection", Gladiator: "Protection" }
}

/** How to read Warcraft Logs' numbers and words of a game version. */
export const warcraftlogsWordsOf = (version: string) => {
  const { classes } = gameVersions.get(version)!
  const words = wordsOf(version)
  const names = new Map(classes.map(({ warcraftlogs_id, name }) => [warcraftlogs_id, name]))
  return {
    classOf: (id: number) => names.get(id),
    /** A spec as people write it: a word that the game does not have is only given its spaces. */
    specOf: (className: string | undefined, word: string) => {
      const find = (text: string) => (className === undefined ? undefined : words.specOf(className, text))
      const spec = find(word) ?? find(builds[className ?? ""]?.[word] ?? "")
      return spec?.label ?? word.replace(/(?<=\p{Ll})(?=\p{Lu})/gu, " ")
    }
  }
}

export type WarcraftlogsWords = ReturnType<typeof warcraftlogsWordsOf>
