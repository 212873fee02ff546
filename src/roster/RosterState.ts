import type { RaidRole, Region } from "../game/Game.ts"
import type { GuildRole } from "../guilds/Guild.ts"
import type { PlayerStatus, Rank } from "./Roster.ts"

export interface StoredPlayer {
  readonly id: string
  readonly name: string
  /** The name as it is compared. */
  readonly key: string
  readonly discord_user_id: string | null
  readonly user_id: string | null
  readonly status: PlayerStatus
  readonly note: string | null
}

export interface StoredEntry {
  readonly id: string
  readonly player_id: string
  readonly character_id: string
  readonly spec: string
  readonly role: RaidRole
  readonly rank: Rank
  readonly off_specs: ReadonlyArray<string>
  readonly note: string | null
}

/** A character of the roster, or one that goes by a name that was asked for. */
export interface StoredCharacter {
  readonly id: string
  readonly name: string
  readonly key: string
  readonly region: Region
  readonly server: string
  readonly class: string
  readonly race: string | null
  readonly user_id: string | null
  /** No other guild and no stranger counts on its class and race. */
  readonly free: boolean
}

/** A guild's roster as an edit finds it. */
export interface RosterState {
  readonly role: typeof GuildRole.Type
  readonly region: Region
  readonly realm: string
  readonly game_version: string
  readonly revision: number
  readonly edited_revision: number
  readonly players: ReadonlyArray<StoredPlayer>
  readonly entries: ReadonlyArray<StoredEntry>
  readonly characters: ReadonlyArray<StoredCharacter>
  /** The Discord id of each live member, by user. */
  readonly members: Readonly<Record<string, string | null>>
  /** The form in which each name that was asked for is compared. */
  readonly keys: Readonly<Record<string, string>>
}

/** The form in which a name is compared, if it was asked for. Names are people's: `constructor` is one, too. */
export const keyIn = ({ keys }: RosterState, name: string) => (Object.hasOwn(keys, name) ? keys[name] : undefined)

export type PlayerWrite = Pick<StoredPlayer, "id" | "name" | "discord_user_id" | "status" | "note">

export interface EntryWrite extends StoredEntry {
  readonly class: string
}

interface CharacterWrite {
  readonly id: string
  readonly class: string
  readonly race: string | null
  readonly spec: string
  readonly role: RaidRole
}

interface NewCharacter extends CharacterWrite {
  readonly name: string
  readonly region: Region
  readonly server: string
  readonly realm_slug: string
  readonly rank: Rank
}

/** Everything that one edit writes, in one statement. */
export interface RosterWrites {
  readonly players_made: Array<PlayerWrite>
  readonly players_changed: Array<PlayerWrite>
  readonly players_removed: Array<string>
  readonly characters_made: Array<NewCharacter>
  readonly characters_changed: Array<CharacterWrite>
  readonly entries_made: Array<EntryWrite>
  readonly entries_changed: Array<EntryWrite>
  readonly entries_removed: Array<string>
}

export const noWrites = (): RosterWrites => ({
  players_made: [],
  players_changed: [],
  players_removed: [],
  characters_made: [],
  characters_changed: [],
  entries_made: [],
  entries_changed: [],
  entries_removed: []
})

export const isEmpty = (writes: RosterWrites) => Object.values(writes).every((rows) => rows.length === 0)
