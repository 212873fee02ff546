import { CsvError, parse } from "csv-parse/sync"
import { limits, type Roster } from "./Roster.ts"
import type { WrittenCharacter, WrittenPlayer } from "./RosterFile.ts"

const columns = [
  "player",
  "discord_user_id",
  "status",
  "player_note",
  "character",
  "region",
  "server",
  "class",
  "race",
  "spec",
  "role",
  "rank",
  "off_specs",
  "note"
] as const
type Column = (typeof columns)[number]
type Record_ = Readonly<Partial<Record<Column, string>>>

/** Characters. A row of nothing but the longest texts has a third of it. */
const longestRow = 8000

/** Excel takes a cell that begins so for a formula, so an apostrophe stands before it. */
const shield = (cell: string) => (/^'*[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell)
const unshield = (cell: string) => (/^'+[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell)

const quoted = (cell: string) => (/[",;\n\r]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

export const csvLine = (cells: ReadonlyArray<string | null>) =>
  cells.map((cell) => quoted(shield(cell ?? ""))).join(",")

/** A file as spreadsheets open it: a byte order mark, and CRLF after each line. */
export const csvFile = (lines: ReadonlyArray<string>) => `\uFEFF${[...lines, ""].join("\r\n")}`

/** One row a character, and one for a player without any. */
export const printCsv = ({ players }: Roster) => {
  const rows = players.flatMap(({ name, discord_user_id, status, note, characters }) => {
    const player = [name, discord_user_id, status, note]
    if (characters.length === 0) return [csvLine([...player, ...Array.from({ length: 10 }, () => null)])]
    return characters.map((one) =>
      csvLine([
        ...player,
        one.name,
        one.region,
        one.server,
        one.class,
        one.race,
        one.spec,
        one.role,
        one.rank,
        one.off_specs.join("|"),
        one.note
      ])
    )
  })
  return csvFile([columns.join(","), ...rows])
}

/** `;` in the header and no more `,` than that: what a spreadsheet writes where the comma is the decimal sign. */
const delimiterOf = (text: string) => {
  const head = text.slice(0, longestRow).split(/[\r\n]/, 1)[0] ?? ""
  const count = (sign: string) => head.split(sign).length
  return count(";") > count(",") ? ";" : ","
}

/** What is wrong with a file, in words. */
class Unusable extends Error {}

/** The parser takes a row apart before it can tell that it has too many cells. */
const refuseWideRows = (text: string, delimiter: string) => {
  let cells = 0
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]
    if (sign === "\n") cells = 0
    else if (sign === delimiter && (cells += 1) > 2000) throw new Unusable("has a row with too many cells")
  }
}

/** Header names in any order; others are ignored, as are their cells. */
const header = (names: ReadonlyArray<string>) => {
  if (names.length > 50) throw new Unusable("has more than 50 columns")
  const known = names.map((name) => columns.find((column) => column === name.trim().toLowerCase()))
  if (!known.includes("player")) throw new Unusable("has no column named player")
  if (new Set(known.filter((name) => name !== undefined)).size < known.filter((name) => name !== undefined).length) {
    throw new Unusable("has a column twice")
  }
  return known.map((name) => name ?? false)
}

const readRows = (text: string, delimiter: string): ReadonlyArray<Record_> =>
  parse(text, {
    bom: true,
    delimiter,
    columns: header,
    max_record_size: longestRow,
    skip_empty_lines: true,
    // One more than there may be, to be told.
    to: limits.players + limits.characters + 1,
    relax_quotes: false,
    on_record: (record: Record_) =>
      Object.fromEntries(Object.entries(record).map(([name, cell]) => [name, unshield(cell)]))
  }) as ReadonlyArray<Record_>

const faultOf = (error: unknown) => {
  if (error instanceof Unusable) return error.message
  if (!(error instanceof CsvError)) throw error
  const at = (error as { readonly lines?: unknown }).lines
  return typeof at === "number" ? `is not CSV: see line ${at}` : "is not CSV"
}

const characterIn = (row: Record_): WrittenCharacter => ({
  name: row.character!,
  ...(["region", "server", "class", "race", "spec", "role", "rank", "note"] as const).reduce(
    (all, name) => (row[name] === undefined ? all : { ...all, [name]: row[name] }),
    {}
  ),
  ...(row.off_specs !== undefined && {
    off_specs: row.off_specs
      .split("|", 21)
      .map((spec) => spec.trim())
      .filter((spec) => spec !== "")
  })
})

/** The players of a CSV text, or what is wrong with it. What a column leaves empty is none, what has no column stays. */
export const parseCsv = (text: string): ReadonlyArray<WrittenPlayer> | string => {
  let rows: ReadonlyArray<Record_>
  try {
    if (text.replace("\uFEFF", "").trim() === "") throw new Unusable("is empty")
    const delimiter = delimiterOf(text)
    refuseWideRows(text, delimiter)
    rows = readRows(text, delimiter)
  } catch (error) {
    return faultOf(error)
  }
  if (rows.length > limits.players + limits.characters) return "has too many rows"
  const players = new Map<string, WrittenPlayer & { readonly characters: Array<WrittenCharacter> }>()
  for (const row of rows) {
    const name = row.player ?? ""
    const mark = (row.discord_user_id ?? "").trim() || `name ${name.normalize("NFC").trim().toLowerCase()}`
    const player = players.get(mark) ?? {
      name,
      ...(row.discord_user_id !== undefined && { discord_user_id: row.discord_user_id }),
      ...(row.status !== undefined && { status: row.status }),
      ...(row.player_note !== undefined && { note: row.player_note }),
      characters: []
    }
    players.set(mark, player)
    if ((row.character ?? "").trim() !== "") player.characters.push(characterIn(row))
  }
  const list = [...players.values()]
  if (list.length > limits.players) return `has more than ${limits.players} players`
  const count = list.reduce((sum, { characters }) => sum + characters.length, 0)
  return count > limits.characters ? `has more than ${limits.characters} characters` : list
}
