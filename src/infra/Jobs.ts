import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Clock, Context, Deferred, Duration, Effect, Exit, Layer, Option, Schedule, Scope } from "effect"
import {
  ClusterWorkflowEngine,
  type MessageStorage,
  RunnerAddress,
  RunnerHealth,
  Runners,
  Sharding,
  ShardingConfig,
  Singleton,
  SqlMessageStorage,
  SqlRunnerStorage
} from "effect/cluster"
import { SqlClient } from "effect/sql"
import type { WorkflowEngine } from "effect/workflow"
import { randomUUID } from "node:crypto"
import { DependencyUnavailable } from "../http/ApiError.ts"
import { AppConfig } from "./AppConfig.ts"
import { change } from "./Sql.ts"

/** What workflows and singletons are made of. */
export type Engine = Sharding.Sharding | MessageStorage.MessageStorage | WorkflowEngine.WorkflowEngine

/** How soon a replica notices that another one died, and how often it looks for work and beats. */
export const JobTiming = Context.Reference<{
  readonly expiry: Duration.Input
  readonly beat: Duration.Input
  readonly poll: Duration.Input
  readonly debounce: Duration.Input
  /** The pauses of singletons are so many times shorter. */
  readonly hurry: number
}>("infra/JobTiming", {
  defaultValue: () => ({ expiry: "6 seconds", beat: "2 seconds", poll: "2 seconds", debounce: "5 seconds", hurry: 1 })
})

/** The tables come by our own migration, so that nothing here changes the schema. */
const prefix = "jobs"

/**
 * Effect's workflows on PostgreSQL alone: replicas meet in its tables and never talk to each other. Shards are held by
 * advisory locks of one connection of the pool, or by rows where PgBouncer hands out connections by transaction.
 */
const engineLayer = Layer.unwrap(
  Effect.gen(function* () {
    const { database } = yield* AppConfig
    const { expiry, beat, poll, debounce } = yield* JobTiming
    const config = ShardingConfig.layer({
      // A name, new with each start, that nobody dials.
      runnerAddress: Option.some(RunnerAddress.make(randomUUID(), 1)),
      shardsPerGroup: 30,
      shardLockExpiration: expiry,
      shardLockRefreshInterval: beat,
      shardLockDisableAdvisory: database.pooler === "transaction",
      refreshAssignmentsInterval: beat,
      entityMessagePollInterval: poll,
      // Longer than a request to a provider takes.
      entityTerminationTimeout: "6 seconds",
      runnerJoinDebounce: debounce,
      simulateRemoteSerialization: false
    })
    return ClusterWorkflowEngine.layer.pipe(
      Layer.provideMerge(Sharding.layer),
      Layer.provideMerge(Runners.layerNoop),
      Layer.provideMerge(SqlMessageStorage.layerStorage({ prefix })),
      Layer.provide([SqlRunnerStorage.layerStorage({ prefix }), RunnerHealth.layerNoop]),
      Layer.provide(config),
      Layer.provide(NodeCrypto.layerDigest)
    )
  })
)

/** Days after which nothing of a job is needed: none lives that long. */
const keptDays = 7

/** Runs something a minute after its start, when the replica has less to do, and again after each pause. */
export const repeatedly = <E, R>(name: string, every: Duration.Input, work: Effect.Effect<unknown, E, R>) =>
  Effect.flatMap(JobTiming, ({ hurry }) =>
    work.pipe(
      Effect.catchCause((cause) => Effect.logWarning(`The job ${name} failed`, cause)),
      Effect.repeat(Schedule.spaced(Duration.divideUnsafe(Duration.fromInputUnsafe(every), hurry))),
      Effect.delay(Duration.divideUnsafe(Duration.minutes(1), hurry)),
      Effect.asVoid
    )
  )

/**
 * Work that outlives a replica. When one dies another goes on within about 10 s; a step that had finished is not run
 * again. PostgreSQL may be away when the service starts: until it is there, `engine` fails.
 */
export class Jobs extends Context.Service<
  Jobs,
  {
    readonly engine: Effect.Effect<Context.Context<Engine>, DependencyUnavailable>
    /**
     * Runs workflows and singletons, as soon as the engine is there, and until the first registration's scope closes:
     * then a step in progress is finished or, after 6 s, left to another replica.
     */
    readonly register: <R>(work: Layer.Layer<never, never, Engine | R>) => Effect.Effect<void, never, R | Scope.Scope>
    /** Runs something on one replica at a time, first after a minute; `whenLost` where it stops. It may run twice. */
    readonly singleton: <E, R>(
      name: string,
      every: Duration.Input,
      work: Effect.Effect<unknown, E, R>,
      whenLost?: Effect.Effect<unknown>
    ) => Effect.Effect<void, never, R | Scope.Scope>
    /** Removes what is left of jobs that ended long ago, at most `limit` messages; returns how many. */
    readonly sweep: (limit: number) => Effect.Effect<number, DependencyUnavailable>
  }
>()("infra/Jobs") {
  static readonly layer = Layer.effect(
    Jobs,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const context = yield* Effect.context<AppConfig | SqlClient.SqlClient>()
      const ready = yield* Deferred.make<Context.Context<Engine>>()
      const scope = yield* Scope.make()
      const close = Scope.close(scope, Exit.void)
      yield* Effect.addFinalizer(() => close)

      // A failed attempt leaves nothing behind, and nothing that it memoized.
      const build = Effect.gen(function* () {
        const attempt = yield* Scope.fork(scope)
        return yield* Layer.buildWithMemoMap(engineLayer, yield* Layer.makeMemoMap, attempt).pipe(
          Effect.onError((cause) => Scope.close(attempt, Exit.failCause(cause)))
        )
      }).pipe(Effect.provideContext(context))
      yield* build.pipe(
        Effect.tapCause((cause) =>
          Effect.logWarning("Jobs cannot start yet").pipe(Effect.andThen(Effect.logDebug(cause)))
        ),
        Effect.sandbox,
        Effect.retry(Schedule.spaced("2 seconds")),
        Effect.flatMap((engine) => Deferred.succeed(ready, engine)),
        Effect.forkIn(scope)
      )

      const engine = Effect.flatMap(Deferred.isDone(ready), (done) =>
        done ? Deferred.await(ready) : new DependencyUnavailable({ retryAfter: 2 })
      )

      const register = Effect.fnUntraced(function* <R>(work: Layer.Layer<never, never, Engine | R>) {
        const services = yield* Effect.context<R>()
        yield* Effect.addFinalizer(() => close)
        yield* Deferred.await(ready).pipe(
          Effect.flatMap((engine) =>
            Effect.flatMap(Layer.makeMemoMap, (memoMap) =>
              Layer.buildWithMemoMap(work, memoMap, scope).pipe(Effect.provideContext(Context.merge(services, engine)))
            )
          ),
          Effect.forkIn(scope)
        )
      })

      const singleton = <E, R>(
        name: string,
        every: Duration.Input,
        work: Effect.Effect<unknown, E, R>,
        whenLost: Effect.Effect<unknown> = Effect.void
      ) =>
        register(
          Singleton.make(name, Effect.ensuring(repeatedly(name, every, work), whenLost)) as Layer.Layer<
            never,
            never,
            Engine | R
          >
        )

      const sweep = (limit: number) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          // Ids tell the time: milliseconds since 2025, 22 bits to the left.
          const before = (BigInt(now - keptDays * 86_400_000 - Date.UTC(2025, 0, 1)) << 22n).toString()
          return change(sql<{ removed: number }>`
            with old as (
              select id from jobs_messages where id < ${before}::bigint order by id limit ${limit}::int
            ), replies as (
              delete from jobs_replies where request_id in (select id from old)
            ), messages as (
              delete from jobs_messages where id in (select id from old) returning 1
            )
            select count(*)::int as removed from messages`)
        }).pipe(Effect.map(([row]) => row?.removed ?? 0))

      return Jobs.of({ engine, register, singleton, sweep })
    })
  )
}
