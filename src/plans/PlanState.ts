import type { Actor } from "../auth/User.ts"
import type { GuildRole } from "../guilds/Guild.ts"
import type { Changes, Plan, Revision, Seat } from "./Plan.ts"

/** An entry of the roster that a write names. */
export interface RosterEntry {
  readonly character_id: string
  /** As it would be seated. */
  readonly seat: Seat
}

/** A plan as a write finds it. */
export interface PlanState {
  readonly role: typeof GuildRole.Type
  readonly game_version: string
  readonly caller: Actor
  readonly plan: Plan
  /** The character of each entry in the plan. */
  readonly characters: Readonly<Record<string, string>>
  /** The entries that were asked for, as far as the roster has them. */
  readonly entries: ReadonlyArray<RosterEntry>
  /** Those after the one that was asked for, newest first. */
  readonly revisions: ReadonlyArray<Revision>
}

interface SeatRow {
  readonly entry_id: string
  readonly character_id: string
  readonly player_id: string
  readonly raid: number
  readonly size: number
  readonly group: number
  readonly slot: number
  readonly spec: string
  readonly role: string
  readonly name: string
  readonly class: string
  readonly rank: string
  readonly player_name: string
  readonly doubled: boolean
}

/** Everything that one write of a plan stores, in one statement. */
export interface PlanWrites {
  readonly title: string
  readonly raids: ReadonlyArray<object>
  readonly seats: ReadonlyArray<SeatRow>
  readonly summary: string
  readonly changes: Changes
}

/** The rows of a plan. */
export const writesOf = (
  { characters, entries }: Pick<PlanState, "characters" | "entries">,
  { title, raids }: Pick<Plan, "title" | "raids">,
  doubled: ReadonlySet<string>,
  changes: Changes,
  summary: string
): PlanWrites => {
  const listed = new Map(entries.map((one) => [one.seat.entry_id as string, one.character_id]))
  const rowOf = (raid: number, size: number, seat: Seat, group: number, slot: number): SeatRow => ({
    entry_id: seat.entry_id,
    character_id: characters[seat.entry_id] ?? listed.get(seat.entry_id)!,
    player_id: seat.player.id,
    raid,
    size,
    group,
    slot,
    spec: seat.spec,
    role: seat.role,
    name: seat.name,
    class: seat.class,
    rank: seat.rank,
    player_name: seat.player.name,
    doubled: doubled.has(seat.entry_id)
  })
  return {
    title,
    raids: raids.map(({ title, size, starts_at, zone }, raid) => ({ raid, title, size, starts_at, zone })),
    seats: raids.flatMap(({ size, groups, bench }, raid) => [
      ...groups.flatMap((seats, group) =>
        seats.flatMap((seat, slot) => (seat === null ? [] : [rowOf(raid, size, seat, group, slot)]))
      ),
      ...bench.map((seat, slot) => rowOf(raid, size, seat, -1, slot))
    ]),
    summary,
    changes
  }
}
