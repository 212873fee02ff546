import { Context, type Duration, Effect, Layer, Schedule } from "effect"
import { AppConfig } from "./AppConfig.ts"
import * as Sql from "./Sql.ts"
import { migrate, seed, type SqlFilesError } from "./SqlFiles.ts"

/** How long the start waits for PostgreSQL. */
export const PostgresPatience = Context.Reference<Duration.Input>("infra/PostgresPatience", {
  defaultValue: () => "30 seconds"
})

/** Containers start in any order, so this retries for a while until PostgreSQL responds. */
const patiently = <A, R>(work: Effect.Effect<A, SqlFilesError, R>) =>
  Effect.flatMap(PostgresPatience, (duration) =>
    work.pipe(
      Effect.tapError((error) => (error.unreachable ? Effect.logWarning("Waiting for PostgreSQL") : Effect.void)),
      Effect.retry({
        schedule: Schedule.min([Schedule.exponential("250 millis"), Schedule.spaced("2 seconds")]).pipe(
          Schedule.upTo({ duration })
        ),
        while: (error) => error.unreachable
      })
    )
  )

/** PostgreSQL, with all migrations applied. */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const { runSeeds } = yield* AppConfig
    yield* patiently(migrate)
    if (runSeeds) yield* patiently(seed)
  })
).pipe(Layer.provideMerge(Sql.layer))
