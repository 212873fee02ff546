import { gameVersions } from "../game/GameVersions.ts"
import { csvFile, csvLine } from "../roster/RosterCsv.ts"
import type { Plan, Raid, Seat } from "./Plan.ts"

const columns = "raid,starts_at,zone,group,slot,character,class,spec,role,rank,player"

const rowsOf = ({ title, starts_at, zone, groups, bench }: Raid) => {
  const row = (group: string, slot: number, { name, class: className, spec, role, rank, player }: Seat) =>
    csvLine([title, starts_at, zone, group, String(slot + 1), name, className, spec, role, rank, player.name])
  return [
    ...groups.flatMap((seats, group) =>
      seats.flatMap((seat, slot) => (seat === null ? [] : [row(String(group + 1), slot, seat)]))
    ),
    ...bench.map((seat, slot) => row("bench", slot, seat))
  ]
}

/** Everybody by raid and group; counted from 1. */
export const printCsv = ({ raids }: Plan) => csvFile([columns, ...raids.flatMap(rowsOf)])

const classes = [...gameVersions.values()].flatMap((version) => version.classes)
const labels = new Map(classes.flatMap(({ specs }) => specs.map(({ name, label }) => [name, label] as const)))
const colours = new Map(classes.map(({ name, colour }) => [name, colour.slice(1)]))

/** What Discord would take for formatting or a mention. */
const plain = (text: string) => text.replaceAll(/[\\*_~`|>#[\]<]/g, "\\$&").replaceAll("@", "@\u200B")

/** The most that Discord takes in a message. */
const message = 2000

/** Everybody's Discord shows the time in the reader's own zone. */
const when = (moment: string | null) => (moment === null ? [] : [`<t:${Math.floor(Date.parse(moment) / 1000)}:F>`])

const linesOf = ({ title, starts_at, zone, groups, bench }: Raid) => {
  const names = (seats: ReadonlyArray<Seat>) =>
    seats.map(({ name, spec }) => `${plain(name)} (${plain(labels.get(spec) ?? spec)})`).join(", ")
  const lines = [[`**${plain(title)}**`, ...(zone === null ? [] : [plain(zone)]), ...when(starts_at)].join(", ")]
  groups.forEach((seats, group) => {
    const taken = seats.filter((seat) => seat !== null)
    if (taken.length > 0) lines.push(`${group + 1}: ${names(taken)}`)
  })
  for (let at = 0; at < bench.length; at += 10) lines.push(`Bench: ${names(bench.slice(at, at + 10))}`)
  return lines
}

/** Stands between two messages. */
const pageBreak = "\f"

/** Text for Discord, in pieces that each fit a message; a raid is kept together where it fits. */
export const printText = (plan: Plan) => {
  const pieces: Array<string> = []
  const add = (text: string, apart: string) => {
    const joined = pieces.length === 0 ? text : `${pieces.at(-1)}${apart}${text}`
    if (pieces.length > 0 && joined.length <= message) pieces[pieces.length - 1] = joined
    else pieces.push(text.slice(0, message))
  }
  add(`**${plain(plan.title)}**`, "\n")
  for (const raid of plan.raids) {
    const lines = linesOf(raid)
    const whole = lines.join("\n")
    if (whole.length <= message) add(whole, "\n\n")
    else lines.forEach((line, index) => add(line, index === 0 ? "\n\n" : "\n"))
  }
  return pieces.join(pageBreak)
}

/** What Method Raid Tools would take for one of its tags or the game for a colour. */
const untagged = (text: string) => text.replaceAll(/[{}|]/g, "")

const coloured = ({ name, class: className }: Seat) => `|cff${colours.get(className) ?? "ffffff"}${untagged(name)}|r`

const noteOf = ({ title, groups, bench }: Raid) => {
  const names = (seats: ReadonlyArray<Seat>) => seats.map(coloured).join(" ")
  const lines = groups.flatMap((seats, group) => {
    const taken = seats.filter((seat) => seat !== null)
    return taken.length === 0 ? [] : [`${group + 1}: ${names(taken)}`]
  })
  return [untagged(title), ...lines, ...(bench.length === 0 ? [] : [`Bench: ${names(bench)}`])].join("\n")
}

/** A note for Method Raid Tools: names in the colours of their classes, as its edit box takes them. */
export const printNote = ({ title, raids }: Plan) => `${[untagged(title), ...raids.map(noteOf)].join("\n\n")}\n`
