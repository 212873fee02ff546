import { burningCrusade } from "../../src/game/ClassicData.ts"

/** Alts of each of the 43 players: none to six, 78 in all. */
const alts = [
  6,
  5,
  4,
  4,
  3,
  3,
  3,
  3,
  3,
  3,
  ...Array.from({ length: 9 }, () => 2),
  ...Array.from({ length: 23 }, () => 1),
  0
]

const heads = ["Bor", "Kra", "Thal", "Mir", "Zug", "Elu", "Nar", "Ish", "Dor", "Fen", "Gri"]
const tails = ["anok", "ithra", "ubald", "esska", "ogrim", "alune", "izzle", "andir", "okka", "ewyn", "urath"]
const accents: Readonly<Record<string, string>> = { a: "á", e: "ë", i: "î", o: "ö", u: "û" }

/** 121 names, the first 17 with an accent. */
const names = heads.flatMap((head, i) =>
  tails.map((tail, j) => {
    const name = head + tail
    return i * tails.length + j < 17 ? name.replace(/[aeiou](?=[^aeiou]*$)/, (vowel) => accents[vowel]!) : name
  })
)

const races = ["Orc", "Undead", "Tauren", "Troll", "Blood Elf"]

let next = 0
const character = (rank: "main" | "alt") => {
  const at = next++
  const { name: className, specs } = burningCrusade.classes[at % burningCrusade.classes.length]!
  const spec = specs[at % specs.length]!
  return {
    name: names[at]!,
    region: "eu",
    server: "Spineshatter",
    class: className,
    race: races[at % races.length]!,
    spec: spec.name,
    role: spec.role,
    rank,
    off_specs: at % 4 === 0 ? specs.filter(({ name }) => name !== spec.name).map(({ name }) => name) : [],
    note: at % 9 === 0 ? `plays "late"; =SUM(1), ${at}` : null
  }
}

/** The reference roster: 43 players, 121 characters, 17 names with accents, two players without a Discord id. */
export const reference = {
  players: alts.map((count, at) => ({
    name: at % 5 === 0 ? `Pläyer ${at}` : `Player ${at}`,
    discord_user_id: at === 7 || at === 30 ? null : String(930_000_000_000_000_000n + BigInt(at)),
    status: at % 10 === 9 ? "trial" : "active",
    note: at % 6 === 0 ? "away on Tuesdays" : null,
    characters: [character("main"), ...Array.from({ length: count }, () => character("alt"))]
  }))
}

/** The same as the planner in use today keeps it. */
export const naive = reference.players.map(({ name, discord_user_id, characters }) => ({
  name,
  ...(discord_user_id !== null && { discord: { userId: discord_user_id } }),
  characters: characters.map(({ name, class: className, spec, role, rank }) => ({
    name,
    class: className,
    spec,
    role,
    rank
  }))
}))

/** The same as a spreadsheet saves it: `;`, a byte order mark, columns in another order, some that are not ours. */
export const spreadsheet = () => {
  const quoted = (cell: string | null) => `"${(cell ?? "").replaceAll('"', '""')}"`
  const rows = reference.players.flatMap((player) =>
    player.characters.map((one) =>
      [
        one.name,
        one.class,
        "ignored",
        one.spec,
        one.role,
        one.rank,
        one.race,
        one.server,
        one.region,
        one.off_specs.join("|"),
        one.note?.startsWith("=") ? `'${one.note}` : one.note,
        player.name,
        player.discord_user_id,
        player.status,
        player.note
      ].map(quoted)
    )
  )
  const head =
    "Character;Class;Gold;Spec;Role;Rank;Race;Server;Region;off_specs;Note;Player;discord_user_id;status;player_note"
  return `\uFEFF${[head, ...rows.map((cells) => cells.join(";"))].join("\r\n")}\r\n`
}
