import { Context, Effect, Layer, Option, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { Sharding } from "effect/cluster"
import type { UserId } from "../../auth/User.ts"
import { type GuildId, GuildNotFound } from "../../guilds/Guild.ts"
import { DependencyUnavailable } from "../../http/ApiError.ts"
import type { StreamEvent } from "../../http/EventStream.ts"
import { type JsonText, parseJson } from "../../http/JsonText.ts"
import { type Engine, Jobs } from "../../infra/Jobs.ts"
import { Notices } from "../../infra/Notices.ts"
import { OfficerRequired } from "../../roster/Roster.ts"
import { type RefreshId, RefreshNotFound, type RefreshOptions, type RefreshSummary } from "./GuildRefresh.ts"
import { type Begun, GuildRefreshesRepo, type RefreshBody } from "./GuildRefreshesRepo.ts"
import { RefreshV1 } from "./RefreshWorkflow.ts"

const betweenEvents = "200 millis"

const mayLead = ({ caller_role }: { readonly caller_role: string }) =>
  caller_role === "officer" || caller_role === "admin"

/** Refreshes of a guild's whole roster. */
export class GuildRefreshes extends Context.Service<
  GuildRefreshes,
  {
    /** Begins one, or answers the one that lives. */
    readonly start: (
      guild: GuildId,
      caller: UserId,
      options: RefreshOptions
    ) => Effect.Effect<RefreshBody, GuildNotFound | OfficerRequired | DependencyUnavailable>
    /** The same for nobody, at night. False if one lives. */
    readonly startAlone: (guild: GuildId, options: RefreshOptions) => Effect.Effect<boolean, DependencyUnavailable>
    /** Begins the work again, or wakes it up; it changes nothing for work that goes on. */
    readonly kick: (begun: Begun) => Effect.Effect<void, DependencyUnavailable>
    /** Whether its work ended, in whatever way, with one of the providers. */
    readonly hasEnded: (begun: Begun) => Effect.Effect<boolean, DependencyUnavailable>
    readonly list: (
      guild: GuildId,
      caller: UserId
    ) => Effect.Effect<
      JsonText<{ readonly refreshes: ReadonlyArray<RefreshSummary> }>,
      GuildNotFound | DependencyUnavailable
    >
    readonly get: (
      guild: GuildId,
      caller: UserId,
      id: RefreshId
    ) => Effect.Effect<RefreshBody, GuildNotFound | RefreshNotFound | DependencyUnavailable>
    /** What changes after that event; undefined if it is final and told. It ends with the refresh. */
    readonly events: (
      guild: GuildId,
      caller: UserId,
      id: RefreshId,
      after: number
    ) => Effect.Effect<
      Stream.Stream<StreamEvent, DependencyUnavailable> | undefined,
      GuildNotFound | RefreshNotFound | DependencyUnavailable
    >
    readonly cancel: (
      guild: GuildId,
      caller: UserId,
      id: RefreshId
    ) => Effect.Effect<void, GuildNotFound | OfficerRequired | RefreshNotFound | DependencyUnavailable>
  }
>()("refreshes/guild/GuildRefreshes") {
  static readonly layer = Layer.effect(
    GuildRefreshes,
    Effect.gen(function* () {
      const repo = yield* GuildRefreshesRepo
      const jobs = yield* Jobs
      const notices = yield* Notices
      const sql = yield* SqlClient.SqlClient

      /** The engine tells of a message that it cannot store by a defect. */
      const stored = <A, R>(self: Effect.Effect<A, never, R>) =>
        Effect.catchDefect(self, (defect) =>
          Effect.andThen(
            Effect.logWarning("A job could not be stored", defect),
            Effect.fail(new DependencyUnavailable({ retryAfter: 2 }))
          )
        )

      /** In the transaction of the rows: both are there, or neither. */
      const begin =
        (engine: Context.Context<Engine>) =>
        ({ id, providers }: Begun) =>
          Effect.forEach(providers, (provider) => RefreshV1.execute({ id, provider }, { discard: true })).pipe(
            Effect.andThen(sql.afterCommit(Context.get(engine, Sharding.Sharding).pollStorage)),
            Effect.provideContext(engine),
            stored
          )

      const start = Effect.fn("GuildRefreshes.start")(function* (
        guild: GuildId,
        caller: UserId,
        options: RefreshOptions
      ) {
        const row = yield* repo.start(guild, caller, options, begin(yield* jobs.engine))
        if (row === undefined) return yield* new GuildNotFound()
        return row.body ?? (yield* new OfficerRequired())
      })

      const startAlone = (guild: GuildId, options: RefreshOptions) =>
        Effect.flatMap(jobs.engine, (engine) => repo.startAlone(guild, options, begin(engine)))

      const kick = ({ id, providers }: Begun) =>
        Effect.flatMap(jobs.engine, (engine) =>
          Effect.forEach(providers, (provider) =>
            RefreshV1.execute({ id, provider }, { discard: true }).pipe(
              Effect.flatMap((execution) => RefreshV1.resume(execution))
            )
          ).pipe(Effect.provideContext(engine), stored, Effect.asVoid)
        )

      const hasEnded = ({ id, providers }: Begun) =>
        Effect.flatMap(jobs.engine, (engine) =>
          Effect.forEach(providers, (provider) =>
            Effect.flatMap(RefreshV1.executionId({ id, provider }), (execution) => RefreshV1.poll(execution))
          ).pipe(
            Effect.map((results) =>
              results.some((result) => Option.isSome(result) && result.value._tag === "Complete")
            ),
            Effect.provideContext(engine),
            stored
          )
        )

      const list = (guild: GuildId, caller: UserId) =>
        Effect.flatMap(repo.list(guild, caller), (body) =>
          body === undefined ? new GuildNotFound() : Effect.succeed(body)
        )

      const get = Effect.fn("GuildRefreshes.get")(function* (guild: GuildId, caller: UserId, id: RefreshId) {
        const row = yield* repo.get(guild, caller, id)
        if (row === undefined) return yield* new GuildNotFound()
        return row.body ?? (yield* new RefreshNotFound())
      })

      const events = Effect.fn("GuildRefreshes.events")(function* (
        guild: GuildId,
        caller: UserId,
        id: RefreshId,
        after: number
      ) {
        const { refresh } = parseJson(yield* get(guild, caller, id))
        if (refresh.finished_at !== null && (yield* repo.news({ id, after })) === undefined) return undefined
        let last = after
        const look = Effect.gen(function* () {
          const found = yield* repo.news({ id, after: last })
          if (found === undefined) return []
          last = found.sequence
          return [
            { id: found.sequence, event: "refresh", data: found.news, isLast: found.news.refresh.finished_at !== null }
          ]
        })
        return notices.of("guild_refresh", id).pipe(
          // What comes while the one before is told becomes one event.
          Stream.buffer({ capacity: 1, strategy: "sliding" }),
          Stream.mapEffect(() => Effect.tap(look, Effect.sleep(betweenEvents))),
          Stream.flattenIterable,
          Stream.takeUntil(({ isLast }) => isLast)
        )
      })

      const cancel = Effect.fn("GuildRefreshes.cancel")(function* (guild: GuildId, caller: UserId, id: RefreshId) {
        const row = yield* repo.cancel(guild, caller, id)
        if (row === undefined) return yield* new GuildNotFound()
        if (!mayLead(row)) return yield* new OfficerRequired()
        if (!row.found) return yield* new RefreshNotFound()
        // The row says so already, and each step looks at it first: this only ends a sleep.
        yield* Effect.flatMap(jobs.engine, (engine) =>
          Effect.forEach(row.providers ?? [], (provider) =>
            Effect.flatMap(RefreshV1.executionId({ id, provider }), (execution) => RefreshV1.interrupt(execution))
          ).pipe(Effect.provideContext(engine), stored)
        ).pipe(Effect.ignore)
      })

      return GuildRefreshes.of({ start, startAlone, kick, hasEnded, list, get, events, cancel })
    })
  ).pipe(Layer.provide([GuildRefreshesRepo.layer, Notices.layer]))
}
