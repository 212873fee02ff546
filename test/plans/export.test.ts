import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { printCsv, printNote, printText } from "../../src/plans/PlanExport.ts"
import type { Plan, Seat } from "../../src/plans/Plan.ts"
import { roster } from "../../src/demo/simulators/roster.ts"

const players = roster.filter(({ characters }) => characters.length > 0)

const seatOf = (at: number, character = 0): Seat => {
  const player = players[at % players.length]!
  const { name, class: className, spec, role, rank } = player.characters[character]!
  const id = `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`
  return {
    entry_id: id as never,
    spec,
    name,
    class: className,
    role,
    rank,
    player: { id: id as never, name: player.globalName ?? player.username },
    gone: false
  }
}

const groupsOf = (size: number, first: number, seats: number) =>
  Array.from({ length: size / 5 }, (_, group) =>
    Array.from({ length: 5 }, (_, slot) => (group * 5 + slot < seats ? seatOf(first + group * 5 + slot) : null))
  )

const plan = (raids: Plan["raids"], title = "Wednesday, week 48"): Plan => ({
  id: seatOf(0).entry_id as never,
  guild_id: seatOf(0).entry_id as never,
  title,
  ruleset: "tbc-anniversary@1",
  revision: 7,
  raids,
  created_by: null,
  updated_by: null,
  created_at: "2026-11-25T19:30:00.000Z",
  updated_at: "2026-11-25T19:30:00.000Z"
})

const week = plan([
  {
    title: "=Gruul {T}|cff",
    size: 25,
    starts_at: "2026-12-02T19:30:00.000Z",
    zone: "@here *Gruul's Lair*",
    groups: groupsOf(25, 0, 13),
    bench: [seatOf(14), seatOf(15)]
  },
  { title: "Karazhan", size: 10, starts_at: null, zone: null, groups: groupsOf(10, 20, 10), bench: [] }
])

const golden = (name: string) => readFileSync(new URL(`golden/${name}`, import.meta.url), "utf8")

describe("exports of a plan", () => {
  it("are what the golden files hold", () => {
    assert.strictEqual(printCsv(week), golden("plan.csv"))
    assert.strictEqual(printText(week), golden("plan.txt"))
    assert.strictEqual(printNote(week), golden("note.txt"))
  })

  it("hold no cell that a spreadsheet takes for a formula", () => {
    const cells = printCsv(week)
      .split("\r\n")
      .flatMap((line) => line.split(","))
    assert.isFalse(cells.some((cell) => /^"?[=+\-@\t\r]/.test(cell)))
  })

  it("come in pieces that fit a message of Discord, with everybody in them", () => {
    const raid = (at: number) => ({
      title: "x".repeat(100),
      size: 40 as const,
      starts_at: null,
      zone: "*".repeat(100),
      groups: groupsOf(40, at * 3, 40),
      bench: Array.from({ length: 100 }, (_, index) => seatOf(index))
    })
    const text = printText(
      plan(
        Array.from({ length: 8 }, (_, at) => raid(at)),
        "_".repeat(100)
      )
    )
    const pieces = text.split("\f")
    assert.isAbove(pieces.length, 8)
    for (const piece of pieces) assert.isAtMost(piece.length, 2000)
    const names = (of: string) => of.match(/\p{L}+ \(/gu)!.length
    assert.strictEqual(
      pieces.reduce((sum, piece) => sum + names(piece), 0),
      8 * 140
    )
    assert.strictEqual(printText(week).split("\f").length, 1)
  })
})
