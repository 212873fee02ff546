import { Context, Effect, Layer, Option, Stream } from "effect"
import { randomUUID } from "node:crypto"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { StreamEvent } from "../http/EventStream.ts"
import type { JsonText } from "../http/JsonText.ts"
import { Notices } from "../infra/Notices.ts"
import type { GuildId } from "../guilds/Guild.ts"
import type { PlanId, PlanNotFound } from "../plans/Plan.ts"
import { asOfficer, orPlanNotFound } from "../plans/PlanEdits.ts"
import type { OfficerRequired } from "../roster/Roster.ts"
import type { Facts } from "./Asked.ts"
import { Composer } from "./Composer.ts"
import {
  type CompositionBusy,
  type CompositionId,
  CompositionInfeasible,
  type CompositionInvalid,
  CompositionNotFound,
  type CompositionSummary,
  limits
} from "./Composition.ts"
import type { SeatWish, Wishes } from "./CompositionBodies.ts"
import { type CompositionBody, CompositionsRepo } from "./CompositionsRepo.ts"
import { clashesOf, type Wish } from "./engine/Clash.ts"
import { problemOf } from "./Problems.ts"
import { factsOf } from "./Wished.ts"

type Unseen = PlanNotFound | CompositionNotFound | DependencyUnavailable
type Refusal =
  | PlanNotFound
  | OfficerRequired
  | CompositionInvalid
  | CompositionInfeasible
  | CompositionBusy
  | DependencyUnavailable

/** How often those who listen look whether its server died. */
const look = "5 seconds"

/** How long whoever stops one waits for its end. */
const patience = "800 millis"

const orNotFound = <A>(found: A | null) => (found === null ? new CompositionNotFound() : Effect.succeed(found))

const wished = ({ locks, together, apart }: Facts, { kind, at }: Wish) => {
  if (kind === "lock") return { kind, ...locks[at]! }
  return kind === "target" ? { kind, raid: at } : { kind, players: { together, apart }[kind][at]! }
}

/** Whether the wishes can all be kept; if not, up to three of them that cannot. What a ruleset thinks is no wish. */
const feasible = (facts: Facts, { targets = {} }: Wishes) => {
  const raids = facts.raids.map((raid) => ({ ...raid, targets }))
  const clash = clashesOf(problemOf({ ...facts, raids }))
  if (clash === undefined) return Effect.void
  const { reason, wishes } = clash
  return new CompositionInfeasible({ details: { reason, wishes: wishes.map((wish) => wished(facts, wish)) } })
}

/** Compositions of a plan. For users who are not members, the plan does not exist. */
export class Compositions extends Context.Service<
  Compositions,
  {
    readonly compose: (plan: PlanId, caller: UserId, wishes: Wishes) => Effect.Effect<CompositionBody, Refusal>
    /** Composes again with one seat more. */
    readonly whyNot: (
      plan: PlanId,
      caller: UserId,
      id: CompositionId,
      seat: SeatWish
    ) => Effect.Effect<CompositionBody, Refusal | CompositionNotFound>
    readonly list: (
      plan: PlanId,
      caller: UserId
    ) => Effect.Effect<
      JsonText<{ readonly compositions: ReadonlyArray<CompositionSummary> }>,
      PlanNotFound | DependencyUnavailable
    >
    readonly get: (plan: PlanId, caller: UserId, id: CompositionId) => Effect.Effect<CompositionBody, Unseen>
    /** What changes after that event; undefined if it is final and told. It ends with the composition. */
    readonly events: (
      plan: PlanId,
      caller: UserId,
      id: CompositionId,
      after: number
    ) => Effect.Effect<
      { readonly guild: GuildId; readonly events: Stream.Stream<StreamEvent, DependencyUnavailable> } | undefined,
      Unseen
    >
    /** Answers it as it is when it has ended, or after a second. */
    readonly stop: (
      plan: PlanId,
      caller: UserId,
      id: CompositionId
    ) => Effect.Effect<CompositionBody, Unseen | OfficerRequired>
  }
>()("composer/Compositions") {
  static readonly layer = Layer.effect(
    Compositions,
    Effect.gen(function* () {
      const repo = yield* CompositionsRepo
      const composer = yield* Composer
      const notices = yield* Notices

      const begin = Effect.fnUntraced(function* <E = never>(
        plan: PlanId,
        caller: UserId,
        parent: CompositionId | null,
        wish: (before: Wishes | null) => Effect.Effect<Wishes, E>
      ) {
        const world = yield* Effect.flatMap(Effect.flatMap(repo.world(plan, caller, parent), orPlanNotFound), asOfficer)
        const wishes = yield* wish(world.wishes)
        const facts: Facts = yield* factsOf(world, wishes)
        yield* feasible(facts, wishes)
        const id = randomUUID() as CompositionId
        const { seconds = limits.seconds } = wishes
        const insert = repo.create(caller, { id, plan, parent, revision: world.revision, wishes, facts })
        return yield* Effect.flatMap(composer.start({ id, facts, seconds }, insert), orPlanNotFound)
      })

      const found = Effect.fnUntraced(function* (plan: PlanId, caller: UserId, id: CompositionId) {
        const { body, ...row } = yield* Effect.flatMap(repo.get(plan, caller, id), orPlanNotFound)
        return { ...row, body: yield* orNotFound(body) }
      })

      const events = Effect.fn("Compositions.events")(function* (
        plan: PlanId,
        caller: UserId,
        id: CompositionId,
        after: number
      ) {
        const { guild, final } = yield* found(plan, caller, id)
        if (final && (yield* repo.news({ id, after })) === undefined) return undefined
        let last = after
        const next = Effect.gen(function* () {
          const found = yield* repo.news({ id, after: last })
          if (found === undefined) return []
          last = found.sequence
          const isLast = found.news.composition.finished_at !== null
          return [{ id: found.sequence, event: "composition", data: found.news, isLast }]
        })
        const events = notices.of("composition", id).pipe(
          Stream.filter((notice) => notice !== "stop"),
          Stream.merge(Stream.tick(look)),
          // What comes while the one before is told becomes one event.
          Stream.buffer({ capacity: 1, strategy: "sliding" }),
          Stream.mapEffect(() => next),
          Stream.flattenIterable,
          Stream.takeUntil(({ isLast }) => isLast)
        )
        return { guild, events }
      })

      const stop = Effect.fn("Compositions.stop")(function* (plan: PlanId, caller: UserId, id: CompositionId) {
        const asked = yield* Effect.flatMap(Effect.flatMap(repo.stop(plan, caller, id), orPlanNotFound), asOfficer)
        if (!asked.found) return yield* new CompositionNotFound()
        const ended = notices.of("composition", id).pipe(
          Stream.filter((notice) => notice !== "stop"),
          Stream.mapEffect(() => found(plan, caller, id)),
          Stream.takeUntil(({ final }) => final),
          Stream.runLast
        )
        const last = Option.flatten(yield* Effect.timeoutOption(ended, patience))
        return Option.isSome(last) ? last.value.body : (yield* found(plan, caller, id)).body
      })

      return Compositions.of({
        compose: (plan, caller, wishes) => begin(plan, caller, null, () => Effect.succeed(wishes)),
        whyNot: (plan, caller, id, seat) =>
          begin(plan, caller, id, (before) =>
            before === null
              ? new CompositionNotFound()
              : Effect.succeed({ ...before, locks: [...(before.locks ?? []), seat] })
          ),
        list: (plan, caller) => Effect.flatMap(repo.list(plan, caller), orPlanNotFound),
        get: (plan, caller, id) => Effect.map(found(plan, caller, id), ({ body }) => body),
        events,
        stop
      })
    })
  ).pipe(Layer.provide([CompositionsRepo.layer, Composer.layer, Notices.layer]))
}
