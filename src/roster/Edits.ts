import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import { type GuildId, GuildNotFound, type GuildRole } from "../guilds/Guild.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { EditsRepo, type Shown } from "./EditsRepo.ts"
import { limits, PreconditionFailed, RosterFull } from "./Roster.ts"
import { isEmpty, type RosterState, type RosterWrites } from "./RosterState.ts"

/** The revision in `If-Match`: a number, "any" for `*`, undefined without the header. One that is none matches nothing. */
export type Seen = number | "any" | undefined

/** Who asks, of which guild, having seen what. */
export interface Asking {
  readonly guild: GuildId
  readonly caller: UserId
  readonly seen: Seen
}

export interface Plan<A> {
  readonly writes: RosterWrites
  readonly shown?: Shown
  /** Whether a raider may do this, to what is theirs. */
  readonly own?: boolean
  /** It changes nothing: what is written is what is there, to be shown. */
  readonly idle?: boolean
  readonly answer: A
}

/** An answer with the revision that it is of. */
export interface Revised<A> {
  readonly revision: number
  readonly answer: A
  /** The player or entry that was asked for, as it then is. */
  readonly shown: unknown
}

type Refusal = GuildNotFound | PreconditionFailed | RosterFull | DependencyUnavailable

export const isOfficer = ({ role }: { readonly role: typeof GuildRole.Type }) => role === "officer" || role === "admin"

/** Whether somebody edited the roster after the revision that was seen. */
const isStale = ({ revision, edited_revision }: RosterState, seen: Seen) =>
  typeof seen === "number" && !(seen >= edited_revision && seen <= revision)

const isOverfull = ({ players, entries }: RosterState, writes: RosterWrites) =>
  (writes.players_made.length > 0 &&
    players.length + writes.players_made.length - writes.players_removed.length > limits.players) ||
  (writes.entries_made.length > 0 &&
    entries.length + writes.entries_made.length - writes.entries_removed.length > limits.characters)

/** Every edit of a roster: its right, its revision and its bounds; what it is, `plan` says. */
export class Edits extends Context.Service<
  Edits,
  {
    /** `plan` says what to write; a dry run writes nothing. */
    readonly run: <A, E>(
      asking: Asking,
      names: ReadonlyArray<string>,
      plan: (state: RosterState) => Effect.Effect<Plan<A>, E>,
      options?: { readonly dryRun: boolean }
    ) => Effect.Effect<Revised<A>, E | Refusal>
  }
>()("roster/Edits") {
  static readonly layer = Layer.effect(
    Edits,
    Effect.gen(function* () {
      const repo = yield* EditsRepo

      const run = Effect.fn("Edits.run")(function* <A, E>(
        { guild, caller, seen }: Asking,
        names: ReadonlyArray<string>,
        plan: (state: RosterState) => Effect.Effect<Plan<A>, E>,
        { dryRun } = { dryRun: false }
      ) {
        const done = yield* repo.edit(
          guild,
          caller,
          names,
          Effect.fnUntraced(function* (state: RosterState) {
            if (isStale(state, seen)) {
              return yield* new PreconditionFailed({ details: { revision: state.revision } })
            }
            const { writes, shown, own = false, idle = false, answer } = yield* plan(state)
            if (isOverfull(state, writes)) return yield* new RosterFull()
            const roles = own ? (["raider", "officer", "admin"] as const) : (["officer", "admin"] as const)
            return { edit: dryRun || isEmpty(writes) ? undefined : { writes, shown, roles, idle }, answer }
          })
        )
        if (done === undefined) return yield* new GuildNotFound()
        const { state, answer, written } = done
        return { revision: written?.revision ?? state.revision, answer, shown: written?.shown ?? null }
      })

      return Edits.of({ run })
    })
  ).pipe(Layer.provide(EditsRepo.layer))
}
