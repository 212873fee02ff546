import { Clock, Context, Effect, Layer, Result, Schema } from "effect"
import { EntryId } from "../../roster/Roster.ts"
import { counted } from "../../infra/upstream/Upstream.ts"
import { BnetClient } from "../battlenet/BnetClient.ts"
import { SnapshotsRepo } from "../SnapshotsRepo.ts"
import { chooseFights, type Missed } from "../warcraftlogs/ChosenFights.ts"
import type { LoggedKill } from "../warcraftlogs/Sheet.ts"
import { sentences } from "../warcraftlogs/Sheets.ts"
import { WclClient } from "../warcraftlogs/WclClient.ts"
import { WclQuota } from "../warcraftlogs/WclQuota.ts"
import type { RefreshId } from "./GuildRefresh.ts"
import { type OpenPart, RefreshPartsRepo, type Settled, type Spent } from "./RefreshPartsRepo.ts"
import { came, type Failure, inGroups, ledgerOf, type Patience, type Step, surely } from "./Step.ts"

/** Characters a request. */
const batchSize = 10
/** Rounds of fights in which a character's equipment is looked for. */
export const mostRounds = 3

/** A fight to read, and for whom. */
export const Fight = Schema.Struct({
  code: Schema.String,
  fight: Schema.Int,
  at: Schema.Finite,
  finished: Schema.Boolean,
  startTime: Schema.Finite,
  endTime: Schema.Finite,
  entries: Schema.Array(EntryId)
})
export type Fight = typeof Fight.Type

/** What is kept of a part between the first question and the one for its equipment. */
interface Sought {
  readonly name: string
  readonly servers: ReadonlyArray<string>
  readonly reports: ReadonlyArray<LoggedKill>
  readonly missed: ReadonlyArray<Omit<Missed, "character">>
  readonly error: string | null
}

const soughtIn = ({ kept }: OpenPart) => kept as Sought

/** Steps with Warcraft Logs, each at most one request for many characters. */
export class WarcraftlogsSteps extends Context.Service<
  WarcraftlogsSteps,
  {
    /** The entries that are to be asked for, in batches. */
    readonly plan: (id: RefreshId) => Effect.Effect<ReadonlyArray<ReadonlyArray<EntryId>>>
    /** Rankings and recent kills of a batch. */
    readonly sheets: (id: RefreshId, batch: ReadonlyArray<EntryId>, patience: Patience) => Effect.Effect<Step>
    /** Few fights that cover everyone whose equipment is still looked for; those who are in none are settled. */
    readonly choose: (id: RefreshId, isLast: boolean) => Effect.Effect<ReadonlyArray<Fight>>
    /** The equipment of everyone in a fight. */
    readonly fight: (id: RefreshId, fight: Fight, patience: Patience) => Effect.Effect<Step>
  }
>()("refreshes/guild/WarcraftlogsSteps") {
  static readonly layer = Layer.effect(
    WarcraftlogsSteps,
    Effect.gen(function* () {
      const parts = yield* RefreshPartsRepo
      const wcl = yield* WclClient
      const quota = yield* WclQuota
      const bnet = yield* BnetClient
      const snapshots = yield* SnapshotsRepo
      const { write, postpone } = ledgerOf(parts, "warcraftlogs")

      const spent = (requests: number) =>
        Effect.map(quota.known, (known): Spent => ({ requests, points_left: known?.left ?? null }))

      const plan = (id: RefreshId) =>
        Effect.map(surely(parts.open(id, "warcraftlogs")), (open) =>
          inGroups(
            open.filter(({ round }) => round === 0).map(({ entry_id }) => entry_id),
            batchSize
          )
        )

      type Failed = Effect.Error<ReturnType<WclClient["Service"]["sheets"]>>

      const failureOf = (error: Failed) =>
        Effect.map(Clock.currentTimeMillis, (now): Failure =>
          error._tag === "QuotaSpent"
            ? { reason: error.reason === "reserve" ? "reserve" : "limit", at: error.until }
            : { reason: "provider", at: now + (error.retryAfter ?? 0) * 1000 }
        )

      const later = Effect.fnUntraced(function* (
        id: RefreshId,
        open: ReadonlyArray<OpenPart>,
        patience: Patience,
        error: Failed,
        requests: number
      ) {
        const entries = open.map(({ entry_id }) => entry_id)
        return yield* postpone(id, entries, yield* failureOf(error), patience, yield* spent(requests))
      })

      const sheets = Effect.fn("WarcraftlogsSteps.sheets")(function* (
        id: RefreshId,
        batch: ReadonlyArray<EntryId>,
        patience: Patience
      ) {
        const open = (yield* surely(parts.open(id, "warcraftlogs", batch))).filter(({ round }) => round === 0)
        if (open.length === 0) return came("done")
        const asked = yield* Effect.forEach(
          open,
          (part) => Effect.map(bnet.realm(part), (realm) => ({ ...part, realm })),
          {
            concurrency: batchSize
          }
        )
        const { result: answer, requests } = yield* counted(wcl.sheets(asked))
        if (Result.isFailure(answer)) return yield* later(id, open, patience, answer.failure, requests)
        const rows = open.map((part, n) => ({ part, sheet: answer.success[n]! }))
        const final = rows.filter(({ sheet }) => sheet.reports.length === 0)
        const settled = final.map(({ part: { entry_id }, sheet: { found } }): Settled => {
          const isKnown = found.fault === null || found.fault === "renamed" || found.fault === "other_class"
          return { entry_id, outcome: isKnown ? "done" : "failed", error: found.error }
        })
        const kept = rows
          .filter((row) => !final.includes(row))
          .map(({ part: { entry_id }, sheet: { name, servers, reports, found } }) => {
            const sought: Sought = { name, servers, reports, missed: [], error: found.error }
            return { entry_id, round: 1, kept: sought }
          })
        const lives = yield* write(id, yield* spent(requests), { settled, kept }, (open) =>
          snapshots.storeSheets(
            rows
              .filter(({ part }) => open.has(part.entry_id))
              .map(({ part, sheet: { found } }) => ({ character: part.character, found }))
          )
        )
        return came(lives ? "done" : "ended")
      })

      /** Whose equipment is in no fight: what is stored of it stays. */
      const settleWithout = (id: RefreshId, open: ReadonlyArray<OpenPart>) => {
        const settled = open.map((part): Settled => {
          const errors = [soughtIn(part).error, sentences.noGear].filter((each) => each !== null)
          return { entry_id: part.entry_id, outcome: "done", error: errors.join(" ") }
        })
        return Effect.flatMap(spent(0), (nothing) =>
          write(id, nothing, { settled }, (written) =>
            snapshots.storeGear(
              open
                .filter(({ entry_id }) => written.has(entry_id))
                .map(({ character }) => ({ character, gear: undefined }))
            )
          )
        )
      }

      const choose = Effect.fn("WarcraftlogsSteps.choose")(function* (id: RefreshId, isLast: boolean) {
        const open = (yield* surely(parts.open(id, "warcraftlogs"))).filter(({ round }) => round > 0)
        const looking = open.map((part) => ({ ...soughtIn(part), character: part.character }))
        const missed = looking.flatMap(({ character, missed }) => missed.map((one) => ({ ...one, character })))
        const chosen = isLast ? [] : chooseFights(looking, missed)
        const entryOf = new Map(open.map(({ character, entry_id }) => [character, entry_id]))
        const covered = new Set(chosen.flatMap(({ characters }) => characters.map(({ character }) => character)))
        const left = open.filter(({ character }) => !covered.has(character))
        if (left.length > 0) yield* settleWithout(id, left)
        return chosen.map(({ characters, ...fight }): Fight => ({
          ...fight,
          entries: characters.map(({ character }) => entryOf.get(character)!)
        }))
      })

      const fight = Effect.fn("WarcraftlogsSteps.fight")(function* (
        id: RefreshId,
        { entries, ...kill }: Fight,
        patience: Patience
      ) {
        const isMissed = (part: OpenPart) =>
          soughtIn(part).missed.some(({ code, fight }) => code === kill.code && fight === kill.fight)
        const open = (yield* surely(parts.open(id, "warcraftlogs", entries))).filter((part) => !isMissed(part))
        if (open.length === 0) return came("done")
        const characters = open.map((part) => {
          const { name, servers } = soughtIn(part)
          return { character: part.character, name, servers }
        })
        const { result: answer, requests } = yield* counted(wcl.fight({ ...kill, characters }))
        if (Result.isFailure(answer)) return yield* later(id, open, patience, answer.failure, requests)
        const { gear, missed } = answer.success
        const found = open.filter(({ character }) => gear.has(character))
        const settled = found.map((part): Settled => ({
          entry_id: part.entry_id,
          outcome: "done",
          error: soughtIn(part).error
        }))
        const kept = open
          .filter(({ character }) => !gear.has(character))
          .map((part) => {
            const { character: _, ...miss } = missed.find(({ character }) => character === part.character)!
            const before = soughtIn(part)
            const sought: Sought = { ...before, missed: [...before.missed, miss] }
            return { entry_id: part.entry_id, round: part.round + 1, kept: sought }
          })
        const lives = yield* write(id, yield* spent(requests), { settled, kept }, (written) =>
          snapshots.storeGear(
            found
              .filter(({ entry_id }) => written.has(entry_id))
              .map(({ character }) => ({ character, gear: gear.get(character)! }))
          )
        )
        return came(lives ? "done" : "ended")
      })

      return WarcraftlogsSteps.of({ plan, sheets, choose, fight })
    })
  )
}
