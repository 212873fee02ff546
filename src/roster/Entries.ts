import { Context, Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import { wordsOf } from "../game/GameVersions.ts"
import type { GuildNotFound } from "../guilds/Guild.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { entryFields, identifier, planEntry } from "./CharacterPlan.ts"
import { type Asking, Edits, isOfficer, type Revised } from "./Edits.ts"
import { playerFor } from "./Players.ts"
import { Realms } from "./Realms.ts"
import {
  CharacterExists,
  CharacterInvalid,
  type Entry,
  type EntryId,
  EntryNotFound,
  OfficerRequired,
  type PlayerId,
  PlayerNotFound,
  type PreconditionFailed,
  type Rank,
  type RosterFull
} from "./Roster.ts"
import { differences } from "./Wanted.ts"
import type { EntryPatch, WrittenCharacter } from "./RosterFile.ts"
import { characterName, Faults, readRegion } from "./RosterRules.ts"
import { noWrites, type RosterState, type RosterWrites, type StoredEntry } from "./RosterState.ts"

type Refusal =
  | GuildNotFound
  | OfficerRequired
  | PlayerNotFound
  | EntryNotFound
  | CharacterInvalid
  | CharacterExists
  | PreconditionFailed
  | RosterFull
  | DependencyUnavailable

/** A player's characters, one by one. */
export class Entries extends Context.Service<
  Entries,
  {
    /** The first of a player is the main, unless it says otherwise. A raider can add their own. */
    readonly add: (
      asking: Asking,
      player: PlayerId,
      details: WrittenCharacter
    ) => Effect.Effect<Revised<Entry>, Refusal>
    /** Any subset of the details. A new main demotes the old one. */
    readonly update: (
      asking: Asking,
      player: PlayerId,
      entry: EntryId,
      patch: EntryPatch
    ) => Effect.Effect<Revised<Entry>, Refusal>
    readonly remove: (asking: Asking, player: PlayerId, entry: EntryId) => Effect.Effect<Revised<void>, Refusal>
  }
>()("roster/Entries") {
  static readonly layer = Layer.effect(
    Entries,
    Effect.gen(function* () {
      const edits = yield* Edits
      const realms = yield* Realms

      const characterOf = ({ characters }: RosterState, { character_id }: StoredEntry) =>
        characters.find(({ id }) => id === character_id)!

      const mainOf = ({ entries }: RosterState, player: string, except?: string) =>
        entries.find((one) => one.player_id === player && one.rank === "main" && one.id !== except)

      /** A new main takes the place of the one before. */
      const demote = (
        state: RosterState,
        player: string,
        entry: { readonly id: string; readonly rank: Rank },
        writes: RosterWrites
      ) => {
        const before = entry.rank === "main" ? mainOf(state, player, entry.id) : undefined
        if (before === undefined) return
        writes.entries_changed.push({ ...before, class: characterOf(state, before).class, rank: "alt" })
      }

      const entryOf = Effect.fnUntraced(function* (state: RosterState, player: string, id: string) {
        const entry = state.entries.find((one) => one.id === id && one.player_id === player)
        return entry ?? (yield* new EntryNotFound())
      })

      const orInvalid = <A>(faults: Faults, value: A | undefined) =>
        value === undefined || faults.fields.length > 0
          ? new CharacterInvalid({ details: { fields: faults.fields } })
          : Effect.succeed(value)

      const shownEntry = <A>(revised: Revised<A>) => ({ ...revised, answer: revised.shown as Entry })

      const add = Effect.fn("Entries.add")(function* (asking: Asking, playerId: PlayerId, details: WrittenCharacter) {
        const name = characterName(details.name ?? "")
        const revised = yield* edits.run(
          asking,
          name === undefined ? [] : [name],
          Effect.fnUntraced(function* (state) {
            const { player, isOwn } = yield* playerFor(state, playerId, asking.caller, true)
            const faults = new Faults()
            const region = readRegion(details.region, new Faults()) ?? state.region
            const findRealm = yield* realms.finder(state.game_version, [state.region, region])
            const meant = yield* orInvalid(faults, identifier(state, findRealm)(details, faults))
            const { stored } = meant
            if (stored !== undefined && state.entries.some((one) => one.character_id === stored.id)) {
              return yield* new CharacterExists({ message: "This character is already on the roster." })
            }
            const said = planEntry(wordsOf(state.game_version), details, { stored, entry: undefined }, faults)
            const { race: ofRace, ...plan } = yield* orInvalid(faults, said)
            const entry = {
              ...plan,
              rank: plan.rank ?? (mainOf(state, player.id) === undefined ? "main" : "alt"),
              id: randomUUID(),
              player_id: player.id,
              character_id: stored?.id ?? randomUUID()
            }
            const facts = {
              id: entry.character_id,
              class: entry.class,
              race: ofRace,
              spec: entry.spec,
              role: entry.role
            }
            const writes = noWrites()
            if (stored === undefined) {
              const { name, region, server, slug } = meant
              writes.characters_made.push({ ...facts, name, region, server, realm_slug: slug, rank: entry.rank })
            } else if (stored.class !== entry.class || stored.race !== ofRace) writes.characters_changed.push(facts)
            writes.entries_made.push(entry)
            demote(state, player.id, entry, writes)
            return { writes, shown: { entry: entry.id }, own: isOwn, answer: undefined }
          })
        )
        return shownEntry(revised)
      })

      const update = Effect.fn("Entries.update")(function* (
        asking: Asking,
        playerId: PlayerId,
        entryId: EntryId,
        { player_id: to, ...patch }: EntryPatch
      ) {
        const revised = yield* edits.run(
          asking,
          [],
          Effect.fnUntraced(function* (state) {
            const { player, isOwn } = yield* playerFor(state, playerId, asking.caller, to === undefined)
            const entry = yield* entryOf(state, player.id, entryId)
            const goal = to ?? player.id
            if (!state.players.some(({ id }) => id === goal)) return yield* new PlayerNotFound()
            const stored = characterOf(state, entry)
            const faults = new Faults()
            const said = planEntry(wordsOf(state.game_version), patch, { stored, entry }, faults)
            const { race: ofRace, ...plan } = yield* orInvalid(faults, said)
            const kept = goal === player.id || mainOf(state, goal) === undefined ? entry.rank : "alt"
            const final = { ...entry, ...plan, player_id: goal, rank: plan.rank ?? kept }
            const writes = noWrites()
            writes.entries_changed.push(final)
            if (stored.class !== final.class || stored.race !== ofRace) {
              writes.characters_changed.push({
                id: stored.id,
                class: final.class,
                race: ofRace,
                spec: final.spec,
                role: final.role
              })
            }
            demote(state, goal, final, writes)
            const idle =
              writes.characters_changed.length === 0 &&
              writes.entries_changed.length === 1 &&
              differences<StoredEntry>(entry, final, entryFields).length === 0
            return { writes, shown: { entry: entry.id }, own: isOwn, idle, answer: undefined }
          })
        )
        return shownEntry(revised)
      })

      return Entries.of({
        add,
        update,
        remove: (asking, playerId, entryId) =>
          edits.run(
            asking,
            [],
            Effect.fnUntraced(function* (state) {
              if (!isOfficer(state)) return yield* new OfficerRequired()
              const { player } = yield* playerFor(state, playerId, asking.caller, false)
              const entry = yield* entryOf(state, player.id, entryId)
              const writes = noWrites()
              writes.entries_removed.push(entry.id)
              return { writes, answer: undefined }
            })
          )
      })
    })
  ).pipe(Layer.provide([Edits.layer, Realms.layer]))
}
