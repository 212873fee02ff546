import { Context, Effect, Exit, Fiber, Layer, Queue, RcRef, type Scope, Stream } from "effect"
import { AppConfig } from "./AppConfig.ts"
import { listeningConnection } from "./Sql.ts"

const channels = ["guild_refresh", "plan", "composition"] as const
export type Channel = (typeof channels)[number]

/** Notices that a slow reader may be behind; then the oldest are dropped. */
const behind = 16

/** Between two statements that find out whether the connection still leads somewhere. */
const pause = "5 seconds"

/**
 * Notices of changes, from every replica: PostgreSQL's `NOTIFY`, on one connection of this process for all who listen,
 * opened for the first of them. A change sends its own, in its statement, with the payload `key` or `key rest`, ids and
 * numbers only:
 *
 *     select pg_notify('plan', plan.id || ' ' || plan.revision) from plan
 *
 * Behind PgBouncer in transaction mode nothing can listen: there all who listen look once a second.
 */
export class Notices extends Context.Service<
  Notices,
  {
    /**
     * The rest of each payload with this key. An empty one means: look what there is now. It comes first, after each gap
     * in listening, and for a payload that is only a key; to all at once, so that a `sharedRead` asks once for all.
     * A reader that is slow misses the oldest, never the newest.
     */
    readonly of: (channel: Channel, key: string) => Stream.Stream<string>
  }
>()("infra/Notices") {
  static readonly layer = Layer.effect(
    Notices,
    Effect.gen(function* () {
      const { database } = yield* AppConfig
      /** By channel and key. */
      const readers = new Map<string, Set<Queue.Queue<string>>>()

      const lookAgain = Effect.sync(() => {
        for (const queues of readers.values()) for (const queue of queues) Queue.offerUnsafe(queue, "")
      })

      const pass = (channel: Channel, payload: string) =>
        Effect.sync(() => {
          const [key, rest = ""] = payload.split(/ (.*)/s)
          for (const queue of readers.get(`${channel} ${key}`) ?? []) Queue.offerUnsafe(queue, rest)
        })

      /** Listens until the connection is lost. */
      const session = (begun: Effect.Effect<void>) =>
        Effect.scoped(
          Effect.gen(function* () {
            const connection = yield* listeningConnection(database)
            const passing = yield* Effect.forEach(channels, (channel) =>
              Effect.map(connection.listen(channel), (queue) =>
                Effect.forever(Effect.flatMap(Queue.take(queue), ({ payload }) => pass(channel, payload)))
              )
            )
            yield* begun
            const asking = connection.query("select 1")
            return yield* Effect.raceAllFirst([...passing, Effect.forever(Effect.delay(asking, pause))])
          })
        )

      const listening: Effect.Effect<never> = Effect.gen(function* () {
        let failures = 0
        const begun = Effect.suspend(() => {
          const back = failures > 0 ? Effect.logInfo("Listening to PostgreSQL again") : Effect.void
          failures = 0
          return Effect.andThen(back, lookAgain)
        })
        for (;;) {
          const exit = yield* Effect.exit(session(begun))
          if (failures === 0) yield* Effect.logWarning("Not listening to PostgreSQL; trying again")
          if (Exit.isFailure(exit)) yield* Effect.logDebug("Listening ended", exit.cause)
          failures += 1
          yield* Effect.sleep(Math.min(100 * 2 ** failures, 5000) * (0.5 + Math.random() / 2))
        }
      })

      const looking = Effect.forever(Effect.delay(lookAgain, "1 second"))

      // In the context of this layer: that of the first reader's request would be kept for as long as somebody listens.
      const run = Effect.runForkWith(yield* Effect.context<never>())
      const source = yield* RcRef.make({
        acquire: Effect.acquireRelease(
          Effect.sync(() => run(database.pooler === "transaction" ? looking : listening)),
          Fiber.interrupt
        ),
        idleTimeToLive: "30 seconds"
      })

      const read = (name: string): Effect.Effect<Stream.Stream<string>, never, Scope.Scope> =>
        Effect.gen(function* () {
          const queue = yield* Queue.sliding<string>(behind)
          yield* Effect.acquireRelease(
            Effect.sync(() => {
              const queues = readers.get(name) ?? new Set()
              readers.set(name, queues.add(queue))
            }),
            () =>
              Effect.sync(() => {
                const queues = readers.get(name)
                queues?.delete(queue)
                if (queues?.size === 0) readers.delete(name)
              })
          )
          Queue.offerUnsafe(queue, "")
          yield* RcRef.get(source)
          return Stream.fromQueue(queue)
        })

      return Notices.of({ of: (channel, key) => Stream.unwrap(read(`${channel} ${key}`)) })
    })
  )
}
