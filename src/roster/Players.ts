import { Context, Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import type { UserId } from "../auth/User.ts"
import { type GuildNotFound, MemberNotFound } from "../guilds/Guild.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { type Asking, Edits, isOfficer, type Revised } from "./Edits.ts"
import {
  OfficerRequired,
  type Player,
  PlayerExists,
  type PlayerId,
  PlayerInvalid,
  PlayerNotFound,
  type PreconditionFailed,
  type RosterFull
} from "./Roster.ts"
import type { NewPlayer, PlayerPatch } from "./RosterFile.ts"
import { differences, playerFields } from "./Wanted.ts"
import { Faults, playerName, readDiscordId, readNote, readStatus } from "./RosterRules.ts"
import { keyIn, noWrites, type PlayerWrite, type RosterState, type StoredPlayer } from "./RosterState.ts"

type Refusal =
  | GuildNotFound
  | OfficerRequired
  | PlayerNotFound
  | PlayerInvalid
  | PlayerExists
  | PreconditionFailed
  | RosterFull
  | DependencyUnavailable

/** The player for an officer, or for the member whom it is linked to. */
export const playerFor = Effect.fnUntraced(function* (state: RosterState, id: string, caller: UserId, mayOwn: boolean) {
  const player = state.players.find((one) => one.id === id)
  const isOwn = mayOwn && state.role === "raider" && player?.user_id === caller
  if (!isOfficer(state) && !isOwn) return yield* new OfficerRequired()
  return player === undefined ? yield* new PlayerNotFound() : { player, isOwn }
})

const hasCharacters = ({ entries }: RosterState, player: StoredPlayer) =>
  entries.some(({ player_id }) => player_id === player.id)

/** Who stands in the way of a Discord id or of a name alone. */
const rivalOf = ({ players }: RosterState, wanted: PlayerWrite, key: string) =>
  players.find((other) => {
    if (other.id === wanted.id) return false
    if (wanted.discord_user_id !== null) return other.discord_user_id === wanted.discord_user_id
    return other.discord_user_id === null && other.key === key
  })

/** What a player was made for, and nothing more: no character, no note. Another can take its Discord id over. */
const isBlank = (state: RosterState, player: StoredPlayer) => player.note === null && !hasCharacters(state, player)

/** Players one by one. */
export class Players extends Context.Service<
  Players,
  {
    readonly add: (asking: Asking, details: NewPlayer) => Effect.Effect<Revised<Player>, Refusal>
    /** Any subset of the details; a raider can change their own note. */
    readonly update: (asking: Asking, id: PlayerId, patch: PlayerPatch) => Effect.Effect<Revised<Player>, Refusal>
    /** The player's characters go from the roster too. */
    readonly remove: (asking: Asking, id: PlayerId) => Effect.Effect<Revised<void>, Refusal>
    /** Binds a player to a live member, whose Discord id it takes; null frees it. */
    readonly link: (
      asking: Asking,
      id: PlayerId,
      member: UserId | null
    ) => Effect.Effect<Revised<Player>, Refusal | MemberNotFound>
  }
>()("roster/Players") {
  static readonly layer = Layer.effect(
    Players,
    Effect.gen(function* () {
      const edits = yield* Edits

      const planned = Effect.fnUntraced(function* (
        state: RosterState,
        stored: StoredPlayer | undefined,
        patch: PlayerPatch,
        absorb: boolean
      ) {
        const faults = new Faults()
        const name = patch.name === undefined ? (stored?.name ?? "") : playerName(patch.name, faults)
        const discord = readDiscordId(patch.discord_user_id, faults)
        const note = readNote(patch.note, faults)
        const status = readStatus(patch.status, faults)
        if (faults.fields.length > 0 || name === undefined) {
          return yield* new PlayerInvalid({ details: { fields: faults.fields } })
        }
        const wanted: PlayerWrite = {
          id: stored?.id ?? randomUUID(),
          name,
          discord_user_id: discord === undefined ? (stored?.discord_user_id ?? null) : discord,
          status: status ?? stored?.status ?? "active",
          note: note === undefined ? (stored?.note ?? null) : note
        }
        const key = patch.name === undefined ? (stored?.key ?? "") : (keyIn(state, patch.name) ?? name)
        const rival = rivalOf(state, wanted, key)
        const blank = rival !== undefined && absorb && wanted.discord_user_id !== null && isBlank(state, rival)
        if (rival !== undefined && !blank) return yield* new PlayerExists({ details: { player_id: rival.id } })
        const writes = noWrites()
        if (rival !== undefined) writes.players_removed.push(rival.id)
        return { wanted, writes }
      })

      /** The database shows a player only while it writes it, so an edit without a change writes it as it is. */
      const changed = Effect.fnUntraced(function* (state: RosterState, player: StoredPlayer, patch: PlayerPatch) {
        const { wanted, writes } = yield* planned(state, player, patch, true)
        writes.players_changed.push(wanted)
        const idle = writes.players_removed.length === 0 && differences(player, wanted, playerFields).length === 0
        return { writes, shown: { player: player.id }, idle, answer: undefined }
      })

      const shownPlayer = <A>(revised: Revised<A>) => ({ ...revised, answer: revised.shown as Player })

      return Players.of({
        add: Effect.fn("Players.add")(function* (asking, details) {
          const revised = yield* edits.run(
            asking,
            [details.name],
            Effect.fnUntraced(function* (state) {
              if (!isOfficer(state)) return yield* new OfficerRequired()
              const { wanted, writes } = yield* planned(state, undefined, details, false)
              writes.players_made.push(wanted)
              return { writes, shown: { player: wanted.id }, answer: undefined }
            })
          )
          return shownPlayer(revised)
        }),
        update: Effect.fn("Players.update")(function* (asking, id, patch) {
          const onlyNote = Object.keys(patch).every((field) => field === "note")
          const revised = yield* edits.run(
            asking,
            patch.name === undefined ? [] : [patch.name],
            Effect.fnUntraced(function* (state) {
              const { player, isOwn } = yield* playerFor(state, id, asking.caller, onlyNote)
              return { ...(yield* changed(state, player, patch)), own: isOwn }
            })
          )
          return shownPlayer(revised)
        }),
        remove: (asking, id) =>
          edits.run(
            asking,
            [],
            Effect.fnUntraced(function* (state) {
              const { player } = yield* playerFor(state, id, asking.caller, false)
              const writes = noWrites()
              writes.players_removed.push(player.id)
              return { writes, answer: undefined }
            })
          ),
        link: Effect.fn("Players.link")(function* (asking, id, member) {
          const revised = yield* edits.run(
            asking,
            [],
            Effect.fnUntraced(function* (state) {
              const { player } = yield* playerFor(state, id, asking.caller, false)
              const discord = member === null ? null : state.members[member]
              if (discord === undefined) return yield* new MemberNotFound()
              return yield* changed(state, player, { discord_user_id: discord })
            })
          )
          return shownPlayer(revised)
        })
      })
    })
  ).pipe(Layer.provide(Edits.layer))
}
