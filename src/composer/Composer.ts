import { Context, Deferred, Effect, Exit, Fiber, Layer, Schedule, Semaphore, Stream } from "effect"
import { DependencyUnavailable } from "../http/ApiError.ts"
import { Draining } from "../infra/Draining.ts"
import { durationsOf, Metered, observed } from "../infra/Metrics.ts"
import { Notices } from "../infra/Notices.ts"
import { ComposerRepo } from "./ComposerRepo.ts"
import { CompositionBusy, type CompositionId } from "./Composition.ts"
import { ComposerRules, type Job, work } from "./Work.ts"
import { problemOf } from "./Problems.ts"

const timed = durationsOf("composer_job", "Compositions from the begin of their work to its end, by how it ended.")

/** The compositions of this replica: one at a time, each in a thread of its own. */
export class Composer extends Context.Service<
  Composer,
  {
    /** Takes a place in the line, stores the composition by `insert`, and does it when its turn comes. */
    readonly start: <A, E>(
      job: Pick<Job, "id" | "facts" | "seconds">,
      insert: Effect.Effect<A | undefined, E>
    ) => Effect.Effect<A | undefined, E | CompositionBusy | DependencyUnavailable>
  }
>()("composer/Composer") {
  static readonly layer = Layer.effect(
    Composer,
    Effect.gen(function* () {
      const rules = yield* ComposerRules
      const repo = yield* ComposerRepo
      const notices = yield* Notices
      const draining = yield* Draining
      const turn = yield* Semaphore.make(1)
      const jobs = new Map<CompositionId, Job>()
      const fibers = new Set<Fiber.Fiber<unknown, unknown>>()
      /** Until when the one that runs may take, in milliseconds. */
      let busyUntil = 0
      let held = 0

      // In the context of this layer: that of a request has its time limit.
      const fork = Effect.runForkWith(yield* Effect.context<never>())

      if (yield* Metered) {
        yield* observed("composer_jobs_waiting", "Compositions that wait for another.", () => Math.max(0, held - 1))
      }

      const run = Effect.fn("Composer.run")(function* (job: Job) {
        if (!(yield* repo.begin(job.id))) return
        busyUntil = Date.now() + job.seconds * 1000
        const ended = yield* work(rules, job, (standing) => repo.progress(job.id, standing)).pipe(
          timed((exit) => ({ state: Exit.isSuccess(exit) ? exit.value.state : "lost" }))
        )
        yield* Effect.retry(repo.finish(job.id, ended), { schedule: Schedule.spaced("500 millis"), times: 20 })
      })

      // Without an answer it is asked again with the next beat.
      const answered = Effect.orElseSucceed((): ReadonlyArray<CompositionId> => [])

      /** Hears that it is to be stopped, from whichever replica. */
      const hear = ({ id, stopped }: Job) =>
        notices.of("composition", id).pipe(
          Stream.filter((notice) => notice !== "news"),
          Stream.mapEffect((notice) =>
            notice === "stop" ? Effect.succeed(true) : Effect.map(answered(repo.beat([id])), (ids) => ids.length > 0)
          ),
          Stream.takeUntil((isStopped) => isStopped),
          Stream.runDrain,
          Effect.andThen(Deferred.succeed(stopped, undefined))
        )

      const live = Effect.fnUntraced(function* (job: Job) {
        yield* Effect.forkChild(hear(job))
        let isBegun = false
        const working = Effect.suspend(() => {
          isBegun = true
          return run(job)
        })
        // Whoever is stopped while waiting leaves the line.
        const leaving = Effect.andThen(
          Deferred.await(job.stopped),
          Effect.suspend(() => (isBegun ? Effect.never : Effect.void))
        )
        yield* Effect.raceFirst(turn.withPermits(1)(working), leaving)
      })

      const start: Composer["Service"]["start"] = Effect.fn("Composer.start")(function* (asked, insert) {
        if (yield* draining.closed) return yield* new DependencyUnavailable({ retryAfter: 1 })
        if (held > rules.waiting) {
          const left = Math.ceil((busyUntil - Date.now()) / 1000)
          return yield* new CompositionBusy({ retryAfter: Math.min(Math.max(left, 1), 60) })
        }
        held += 1
        const release = Effect.sync(() => (held -= 1))
        const stored = yield* Effect.onError(insert, () => release)
        if (stored === undefined) {
          yield* release
          return undefined
        }
        const job = { ...asked, problem: problemOf(asked.facts), stopped: yield* Deferred.make<void>() }
        jobs.set(job.id, job)
        const fiber = fork(
          live(job).pipe(
            Effect.catchCause((cause) => Effect.logWarning("A composition could not be stored", cause)),
            Effect.ensuring(release),
            Effect.ensuring(Effect.sync(() => jobs.delete(job.id)))
          )
        )
        fibers.add(fiber)
        fiber.addObserver(() => fibers.delete(fiber))
        return stored
      })

      const beat = Effect.gen(function* () {
        if (jobs.size === 0) return
        for (const id of yield* answered(repo.beat([...jobs.keys()]))) {
          const job = jobs.get(id)
          if (job !== undefined) yield* Deferred.succeed(job.stopped, undefined)
        }
      })

      /** Whoever asked learns at once that nothing more will come. */
      const lose = Effect.gen(function* () {
        const ids = [...jobs.keys()]
        if (ids.length === 0) return
        yield* Effect.ignore(repo.lose(ids))
        yield* Fiber.interruptAll([...fibers])
      })

      yield* Effect.addFinalizer(() => lose)
      yield* Effect.forkScoped(Effect.forever(Effect.delay(beat, rules.beat * 1000)))
      yield* Effect.forkScoped(Effect.andThen(draining.told, lose))
      return Composer.of({ start })
    })
  ).pipe(Layer.provide([ComposerRepo.layer, Notices.layer]))
}
