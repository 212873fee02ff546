import type { FieldFault } from "./Roster.ts"
import type { WrittenPlayer } from "./RosterFile.ts"
import type { Faults } from "./RosterRules.ts"
import type { PlayerWrite, StoredPlayer } from "./RosterState.ts"

/** A player of the list: what it says, and whom it is about. */
export interface Wanted {
  readonly written: WrittenPlayer
  /** The name as in the list. */
  readonly label: string
  readonly faults: Faults
  stored: StoredPlayer | undefined
  /** The player as they are to be; undefined while something is wrong with them. */
  player: PlayerWrite | undefined
}

const becomes = (field: string, from: unknown, to: unknown): FieldFault => ({
  field,
  reason: `${from === null ? "nothing" : String(from)} becomes ${to === null ? "nothing" : String(to)}`
})

/** The fields in which two differ, in words. */
export const differences = <A extends object>(before: A, after: A, fields: ReadonlyArray<keyof A & string>) =>
  fields.flatMap((field) =>
    String(before[field]) === String(after[field]) ? [] : [becomes(field, before[field], after[field])]
  )

export const playerFields = ["name", "discord_user_id", "status", "note"] as const
