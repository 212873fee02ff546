import { assert, describe, it } from "@effect/vitest"
import type { CharacterId } from "../../src/characters/Character.ts"
import { share } from "../../src/demo/simulators/World.ts"
import { type ChosenFight, chooseFights, type Missed } from "../../src/refreshes/warcraftlogs/ChosenFights.ts"
import type { LoggedKill } from "../../src/refreshes/warcraftlogs/Sheet.ts"

const kill = (code: string, fight: number, at: number, players: ReadonlyArray<number> | null = null): LoggedKill => ({
  code,
  fight,
  at,
  finished: true,
  startTime: at - 10,
  endTime: at,
  players
})

const sheet = (name: string, reports: ReadonlyArray<LoggedKill>) => ({
  character: name as CharacterId,
  name,
  servers: ["spineshatter"],
  reports
})

const shown = (chosen: ReadonlyArray<ChosenFight>) =>
  chosen.map(({ code, fight, characters }) => `${code}/${fight} ${characters.map(({ name }) => name).join("")}`)

/** The fewest fights that hold everyone who is in any. */
const fewest = (sheets: ReadonlyArray<ReturnType<typeof sheet>>) => {
  const held = sheets.filter(({ reports }) => reports.length > 0)
  const keys = [...new Set(held.flatMap(({ reports }) => reports.map(({ code }) => code)))]
  const covers = Array.from({ length: 2 ** keys.length }, (_, bits) => keys.filter((_, at) => bits & (1 << at)))
  return Math.min(
    ...covers
      .filter((some) => held.every(({ reports }) => reports.some(({ code }) => some.includes(code))))
      .map(({ length }) => length)
  )
}

describe("chooseFights", () => {
  it("covers everyone with one fight where one holds all, and prefers where most were", () => {
    const common = [kill("a", 1, 50, [1, 2]), kill("a", 2, 40, [1, 2, 3])]
    assert.deepEqual(shown(chooseFights([sheet("x", common), sheet("y", common), sheet("z", [])])), ["a/2 xy"])
    assert.deepEqual(chooseFights([]), [])
  })

  it("gives everyone the newest of the chosen that holds them", () => {
    const [older, newer, own] = [kill("old", 1, 10), kill("new", 1, 99), kill("own", 1, 50)]
    const chosen = chooseFights([
      sheet("a", [older]),
      sheet("b", [older]),
      sheet("c", [newer, older]),
      sheet("d", [newer]),
      sheet("e", [own, older])
    ])
    assert.deepEqual(shown(chosen), ["new/1 cd", "old/1 abe"])
  })

  it("is the same whatever order the fights come in", () => {
    const kills = [kill("b", 1, 10), kill("a", 2, 10), kill("a", 1, 10)]
    const one = shown(chooseFights([sheet("x", kills), sheet("y", kills)]))
    assert.deepEqual(one, shown(chooseFights([sheet("x", kills.toReversed()), sheet("y", kills.toReversed())])))
    assert.deepEqual(one, ["a/1 xy"])
  })

  it("gives whoever was missed another fight that may hold them, three times at most", () => {
    const kills = [kill("a", 3, 30, [1, 2]), kill("a", 2, 20, [1, 2, 3]), kill("a", 1, 10, [1, 2, 3]), kill("b", 1, 5)]
    const all = [sheet("x", kills)]
    const missed = (code: string, fight: number, actor: number | null): Missed => ({
      character: "x" as CharacterId,
      code,
      fight,
      actor
    })
    assert.deepEqual(shown(chooseFights(all)), ["a/2 x"])
    // Actor 3 left before fight 3.
    assert.deepEqual(shown(chooseFights(all, [missed("a", 2, 3)])), ["a/1 x"])
    assert.deepEqual(shown(chooseFights(all, [missed("a", 2, null)])), ["b/1 x"])
    assert.deepEqual(shown(chooseFights(all, [missed("a", 2, 3), missed("a", 1, 3)])), ["b/1 x"])
    assert.deepEqual(chooseFights(all, [missed("a", 2, 3), missed("a", 1, 3), missed("b", 1, null)]), [])
  })

  it("needs at most 1 + ln n times the fewest, and covers all, in 400 random cases", () => {
    let optimal = 0
    for (let round = 0; round < 400; round++) {
      const codes = Array.from({ length: 2 + (round % 7) }, (_, at) => `r${at}`)
      const sheets = Array.from({ length: 3 + (round % 11) }, (_, who) =>
        sheet(
          `c${who}`,
          codes.filter((code) => share(round, who, code) < 0.4).map((code, at) => kill(code, 1, 100 - at))
        )
      )
      const chosen = chooseFights(sheets)
      const given = chosen.flatMap(({ characters }) => characters.map(({ name }) => name))
      const wanted = sheets.filter(({ reports }) => reports.length > 0).map(({ name }) => name)
      assert.deepEqual(given.toSorted(), wanted.toSorted())
      for (const { code, characters } of chosen) {
        for (const { name } of characters) {
          assert.isTrue(sheets.find((one) => one.name === name)!.reports.some((one) => one.code === code))
        }
      }
      if (wanted.length === 0) continue
      const best = fewest(sheets)
      assert.isAtMost(chosen.length, best * (1 + Math.log(wanted.length)))
      if (chosen.length === best) optimal += 1
    }
    assert.isAbove(optimal, 360)
  })
})
