import { Context, Effect, Layer } from "effect"
import type { Region } from "../game/Game.ts"
import type { GuildMember } from "../game/GuildMember.ts"
import { gameVersions } from "../game/GameVersions.ts"
import type { GuildNotFound } from "../guilds/Guild.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { ProviderRateLimited, ProviderUnavailable, RegionUnsupported } from "../infra/upstream/ProviderErrors.ts"
import { BnetClient } from "../refreshes/battlenet/BnetClient.ts"
import { WclClient } from "../refreshes/warcraftlogs/WclClient.ts"
import { identifier } from "./CharacterPlan.ts"
import { type Asking, Edits, isOfficer } from "./Edits.ts"
import { type FindRealm, Realms } from "./Realms.ts"
import { GuildUnknown, limits, OfficerRequired, type PreconditionFailed, type RosterFull } from "./Roster.ts"
import type { DiscoveredRoster, WrittenPlayer } from "./RosterFile.ts"
import { planRoster } from "./RosterPlan.ts"
import { characterName, Faults } from "./RosterRules.ts"
import { noWrites, type RosterState } from "./RosterState.ts"
import { outcomeOf } from "./Rosters.ts"

/** The guild that a provider is asked for. */
export interface Sought {
  readonly source: "battlenet" | "warcraftlogs"
  readonly region: Region
  readonly realm: string
  readonly name: string
  /** The highest level of the game version by default. */
  readonly min_level?: number
  /** 0 is the guild master's alone; everybody's by default. */
  readonly max_rank?: number
}

type Refusal =
  | GuildNotFound
  | OfficerRequired
  | GuildUnknown
  | PreconditionFailed
  | RosterFull
  | ProviderUnavailable
  | ProviderRateLimited
  | RegionUnsupported
  | DependencyUnavailable

const byRank = (a: GuildMember, b: GuildMember) =>
  (a.rank ?? Infinity) - (b.rank ?? Infinity) || (a.name < b.name ? -1 : 1)

/** What a provider lists, as a list that can be imported. Who is on the roster stays with their player. */
const listOf = (
  state: RosterState,
  members: ReadonlyArray<GuildMember>,
  { source, region, min_level, max_rank }: Sought,
  findRealm: FindRealm
) => {
  const data = gameVersions.get(state.game_version)!
  const identify = identifier(state, findRealm)
  const entries = new Map(state.entries.map((one) => [one.character_id, one]))
  const players = new Map(state.players.map((one) => [one.id, one]))
  const left_out = { level: 0, rank: 0, unreadable: 0, too_many: 0 }
  const list = new Map<string, WrittenPlayer & { readonly characters: Array<WrittenPlayer["characters"][number]> }>()
  for (const member of members.toSorted(byRank)) {
    if (member.level !== null && member.level < (min_level ?? data.max_level)) left_out.level += 1
    else if (max_rank !== undefined && member.rank !== null && member.rank > max_rank) left_out.rank += 1
    else {
      const name = characterName(member.name)
      const found = data.classes.find((one) => one[`${source}_id`] === member.classId)
      const meant = name && identify({ name, region, server: member.realm }, new Faults())
      if (found === undefined || !meant) {
        left_out.unreadable += 1
        continue
      }
      const place = { name: meant.name, region, server: meant.server }
      const entry = meant.stored && entries.get(meant.stored.id)
      const owner = entry && players.get(entry.player_id)
      if (owner !== undefined) {
        const listed = list.get(owner.id) ?? {
          name: owner.name,
          discord_user_id: owner.discord_user_id,
          characters: []
        }
        list.set(owner.id, listed)
        listed.characters.push(place)
        continue
      }
      if (list.size >= limits.players - state.players.length) {
        left_out.too_many += 1
        continue
      }
      const race = data.races.find(
        ({ battlenet_ids }) => member.raceId !== null && battlenet_ids.includes(member.raceId)
      )
      // No provider lists specs: the first of the class stands until somebody says otherwise.
      const character = {
        ...place,
        class: found.name,
        race: race?.name ?? null,
        spec: found.specs[0]!.name,
        rank: "main"
      }
      const label = list.has(meant.name) ? `${meant.name} (${meant.server})` : meant.name
      list.set(label, { name: label, characters: [character] })
    }
  }
  return { list: [...list.values()], left_out }
}

/** A guild's characters as a provider lists them. */
export class Discovery extends Context.Service<
  Discovery,
  {
    /** What importing them would make of the roster, with the list to import; nothing is written. */
    readonly discover: (asking: Asking, sought: Sought) => Effect.Effect<DiscoveredRoster, Refusal>
  }
>()("roster/Discovery") {
  static readonly layer = Layer.effect(
    Discovery,
    Effect.gen(function* () {
      const edits = yield* Edits
      const realms = yield* Realms
      const bnet = yield* BnetClient
      const wcl = yield* WclClient

      const membersOf = ({ source, region, realm, name }: Sought) => {
        const question = { name, server: realm, region }
        return source === "battlenet" ? bnet.guild(question) : wcl.guild({ ...question, realm: bnet.realm(question) })
      }

      const asOfficer = Effect.fnUntraced(function* (state: RosterState) {
        if (!isOfficer(state)) return yield* new OfficerRequired()
        return { writes: noWrites(), answer: undefined }
      })

      return Discovery.of({
        discover: Effect.fn("Discovery.discover")(function* (asking, sought) {
          // Nobody else makes us ask a provider.
          yield* edits.run(asking, [], asOfficer, { dryRun: true })
          const members = yield* membersOf(sought)
          if (members === null) return yield* new GuildUnknown()
          const names = [...new Set(members.flatMap(({ name }) => characterName(name) ?? []))]
          const { revision, answer } = yield* edits.run(
            asking,
            names,
            Effect.fnUntraced(function* (state) {
              yield* asOfficer(state)
              const findRealm = yield* realms.finder(state.game_version, [state.region, sought.region])
              const { list, left_out } = listOf(state, members, sought, findRealm)
              const { rows } = planRoster(state, list, { replace: false, findRealm })
              return { writes: noWrites(), answer: { ...outcomeOf(rows, true), players: list, left_out } }
            }),
            { dryRun: true }
          )
          return { ...answer, revision }
        })
      })
    })
  ).pipe(Layer.provide([Edits.layer, Realms.layer, BnetClient.layer, WclClient.layer]))
}
