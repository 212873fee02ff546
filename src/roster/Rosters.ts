import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import { type GuildId, GuildNotFound } from "../guilds/Guild.ts"
import { orGuildNotFound } from "../guilds/Guilds.ts"
import { type DependencyUnavailable, InvalidRequest } from "../http/ApiError.ts"
import type { Tagged } from "../http/ETag.ts"
import { type JsonText, parseJson } from "../http/JsonText.ts"
import { type Asking, Edits, isOfficer } from "./Edits.ts"
import { Realms } from "./Realms.ts"
import {
  type Change,
  OfficerRequired,
  type PreconditionFailed,
  PreconditionRequired,
  type Roster,
  type RosterFull,
  RosterInvalid,
  type RosterOutcome,
  type RosterRow
} from "./Roster.ts"
import { parseCsv } from "./RosterCsv.ts"
import type { WrittenPlayer } from "./RosterFile.ts"
import { planRoster } from "./RosterPlan.ts"
import { type HistoryPage, RosterRepo } from "./RosterRepo.ts"
import { characterName, readRegion, Faults } from "./RosterRules.ts"

interface BulkOptions {
  readonly dryRun: boolean
  /** Whether whoever is not on the list is removed. */
  readonly replace: boolean
  /** Whether a write must say what it has seen. */
  readonly demanded?: boolean
}

type BulkRefusal =
  | GuildNotFound
  | OfficerRequired
  | PreconditionFailed
  | PreconditionRequired
  | RosterFull
  | RosterInvalid
  | InvalidRequest
  | DependencyUnavailable

const namesIn = (list: ReadonlyArray<WrittenPlayer>) => [
  ...new Set(
    list.flatMap(({ name, characters }) => [
      ...(typeof name === "string" && name.length <= 200 ? [name] : []),
      ...characters.flatMap((character) => characterName(character.name ?? "") ?? [])
    ])
  )
]

const regionsIn = (list: ReadonlyArray<WrittenPlayer>) =>
  list.flatMap(({ characters }) => characters.flatMap(({ region }) => readRegion(region, new Faults()) ?? []))

/** Rows, and how many there are of each kind. */
export const outcomeOf = (rows: ReadonlyArray<RosterRow>, dryRun: boolean) => {
  const changes: Record<Change, number> = { created: 0, updated: 0, unchanged: 0, removed: 0, invalid: 0 }
  for (const { change } of rows) changes[change] += 1
  return { dry_run: dryRun, changes, rows }
}

/** A guild's roster as a whole. For users who are not members, the guild does not exist. */
export class Rosters extends Context.Service<
  Rosters,
  {
    readonly get: (
      guild: GuildId,
      caller: UserId,
      known: string
    ) => Effect.Effect<Tagged<{ readonly roster: Roster }>, GuildNotFound | DependencyUnavailable>
    /** The roster with its revision, to be made a file. */
    readonly exported: (guild: GuildId, caller: UserId) => Effect.Effect<Roster, GuildNotFound | DependencyUnavailable>
    /** What a list makes of the roster; all of it or, when a row is invalid, nothing. */
    readonly write: (
      asking: Asking,
      list: ReadonlyArray<WrittenPlayer>,
      options: BulkOptions
    ) => Effect.Effect<RosterOutcome, BulkRefusal>
    /** The same for the whole roster: whoever writes it says what they have seen. */
    readonly replace: (
      asking: Asking,
      list: ReadonlyArray<WrittenPlayer>,
      dryRun: boolean
    ) => Effect.Effect<RosterOutcome, BulkRefusal>
    readonly importCsv: (asking: Asking, csv: string, options: BulkOptions) => Effect.Effect<RosterOutcome, BulkRefusal>
    /** A page, newest first. */
    readonly history: (
      guild: GuildId,
      caller: UserId,
      options: { readonly limit?: number | undefined; readonly cursor?: string | undefined }
    ) => Effect.Effect<JsonText<HistoryPage>, GuildNotFound | DependencyUnavailable>
  }
>()("roster/Rosters") {
  static readonly layer = Layer.effect(
    Rosters,
    Effect.gen(function* () {
      const repo = yield* RosterRepo
      const edits = yield* Edits
      const realms = yield* Realms

      const get = (guild: GuildId, caller: UserId, known: string) =>
        Effect.flatMap(repo.roster(guild, caller, known), orGuildNotFound)

      const write = Effect.fn("Rosters.write")(function* (
        asking: Asking,
        list: ReadonlyArray<WrittenPlayer>,
        { dryRun, replace, demanded = false }: BulkOptions
      ) {
        const outcome = yield* edits.run(
          asking,
          namesIn(list),
          Effect.fnUntraced(function* (state) {
            if (!isOfficer(state)) return yield* new OfficerRequired()
            if (demanded && !dryRun && asking.seen === undefined) return yield* new PreconditionRequired()
            const findRealm = yield* realms.finder(state.game_version, [state.region, ...regionsIn(list)])
            const { writes, rows } = planRoster(state, list, { replace, findRealm })
            const answer = outcomeOf(rows, dryRun)
            if (answer.changes.invalid > 0 && !dryRun) {
              return yield* new RosterInvalid({ details: { ...answer, revision: state.revision } })
            }
            return { writes, answer }
          }),
          { dryRun }
        )
        return { ...outcome.answer, revision: outcome.revision }
      })

      return Rosters.of({
        get,
        exported: (guild, caller) => Effect.map(get(guild, caller, ""), ({ body }) => parseJson(body!).roster),
        write,
        replace: (asking, list, dryRun) => write(asking, list, { dryRun, replace: true, demanded: true }),
        importCsv: Effect.fn("Rosters.importCsv")(function* (asking, csv, options) {
          const list = parseCsv(csv)
          if (typeof list === "string") {
            return yield* new InvalidRequest({ details: { fields: [{ field: "body", reason: list }] } })
          }
          return yield* write(asking, list, options)
        }),
        history: (guild, caller, { limit = 50, cursor }) =>
          Effect.flatMap(repo.history(guild, caller, limit, cursor), orGuildNotFound)
      })
    })
  ).pipe(Layer.provide([RosterRepo.layer, Edits.layer, Realms.layer]))
}
