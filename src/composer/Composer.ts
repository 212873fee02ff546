import { Context, Deferred, Effect, Exit, Fiber, Layer, Schedule, Semaphore, Stream } from "effect"
import { DependencyUnavailable } from "../http/ApiError.ts"
import { Draining } from "../infra/Draining.ts"
import { durationsOf, Metered, observed } from "../infra/Metrics.ts"
import { Notices } from "../infra/Notices.ts"
import type { Facts } from "./Asked.ts"
import { ComposerRepo, type Ended, type Standing } from "./ComposerRepo.ts"
import { CompositionBusy, type CompositionId } from "./Composition.ts"
import { whyOf } from "./engine/Explain.ts"
import type { Problem, Progress } from "./engine/Problem.ts"
import { score } from "./engine/Score.ts"
import { problemOf, rowsOf } from "./Problems.ts"
import { type Solved, startThread, threadEntry } from "./Thread.ts"

/**
 * How many may wait for the one that runs; what a thread runs, the MB of its heap, and by how many MB the process may grow
 * while it runs (WebAssembly's memory is outside of the heap); and seconds: what it may take over its time, and after it was stopped, and how often this replica says that it lives.
 */
export const ComposerRules = Context.Reference("composer/ComposerRules", {
  defaultValue: () => ({ waiting: 2, entry: threadEntry, heap: 768, memory: 1024, over: 5, patience: 0.6, beat: 4 })
})

interface Job {
  readonly id: CompositionId
  readonly facts: Facts
  readonly problem: Problem
  readonly seconds: number
  /** Done when it is to end with the best so far. */
  readonly stopped: Deferred.Deferred<void>
}

type Outcome =
  | ({ readonly kind: "solved" } & Solved)
  /** Ended before it had an answer, with what it had told. */
  | { readonly kind: "cut"; readonly by: "cancel" | "time" }
  | { readonly kind: "failed"; readonly reason: unknown }

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

      const solved = ({ facts }: Job, { answer, why }: Solved, stage: Standing["stage"]): Ended => ({
        state: answer.endedBy === "cancel" ? "stopped" : "done",
        stage,
        value: answer.value,
        bound: answer.bound,
        proof: answer.proof,
        ended_by: answer.endedBy,
        seats: rowsOf(facts, answer.seats),
        parts: answer.parts,
        why: reasonsOf(facts, why)
      })

      /** The end of one without an answer: the best that it had told, if it had. */
      const cut = ({ facts, problem }: Job, { stage, bound, seats }: Progress, by: "cancel" | "time"): Ended => {
        const nothing = { proof: null, parts: null, why: null, value: null, bound, seats: null, stage }
        if (seats === null) {
          return by === "cancel"
            ? { ...nothing, state: "stopped", ended_by: by }
            : { ...nothing, state: "lost", ended_by: null }
        }
        const { value, parts } = score(problem, seats)
        return {
          ...nothing,
          state: by === "cancel" ? "stopped" : "done",
          ended_by: by,
          value,
          seats: rowsOf(facts, seats),
          parts,
          why: reasonsOf(facts, whyOf(problem, seats))
        }
      }

      const work = Effect.fnUntraced(function* (job: Job) {
        const { id, facts, problem, seconds, stopped } = job
        let last: Progress = { stage: "greedy", value: null, seats: null, bound: null }
        let isNews = false
        let stop = () => {}
        busyUntil = Date.now() + seconds * 1000
        const thread = Effect.callback<Outcome>((resume) => {
          const started = startThread(rules, problem, seconds, {
            progress: (progress) => {
              last = { ...progress, seats: progress.seats ?? last.seats, bound: progress.bound ?? last.bound }
              isNews = true
            },
            answered: (solved) => resume(Effect.succeed({ kind: "solved", ...solved })),
            failed: (reason) => resume(Effect.succeed({ kind: "failed", reason }))
          })
          stop = started.stop
          return Effect.promise(started.end)
        })
        const asked = Effect.andThen(
          Deferred.await(stopped),
          Effect.suspend(() => {
            stop()
            return Effect.delay(Effect.succeed<Outcome>({ kind: "cut", by: "cancel" }), rules.patience * 1000)
          })
        )
        const late = Effect.delay(Effect.succeed<Outcome>({ kind: "cut", by: "time" }), (seconds + rules.over) * 1000)
        const tell = Effect.suspend(() => {
          if (!isNews) return Effect.void
          isNews = false
          const { stage, value, bound, seats } = last
          return repo.progress(id, { stage, value, bound, seats: seats && rowsOf(facts, seats) })
        })
        const before = process.memoryUsage.rss()
        const isTooLarge = () => process.memoryUsage.rss() - before > rules.memory * 1024 * 1024
        const guarding = Effect.sync(isTooLarge).pipe(
          Effect.repeat({ until: (is) => is, schedule: Schedule.spaced("250 millis") }),
          Effect.as<Outcome>({ kind: "failed", reason: "It takes too much memory" })
        )
        const telling = Effect.ignore(tell).pipe(Effect.delay("1 second"), Effect.forever)
        const outcome = yield* Effect.raceAllFirst([thread, asked, late, guarding, telling])
        if (outcome.kind === "failed") {
          yield* Effect.logWarning("A composition failed", outcome.reason).pipe(
            Effect.annotateLogs({ composition: id })
          )
          const { stage, value, bound, seats } = last
          const lost = { proof: null, ended_by: null, parts: null, why: null }
          return { state: "lost", stage, value, bound, seats: seats && rowsOf(facts, seats), ...lost } satisfies Ended
        }
        return outcome.kind === "cut" ? cut(job, last, outcome.by) : solved(job, outcome, last.stage)
      })

      const run = Effect.fn("Composer.run")(function* (job: Job) {
        if (!(yield* repo.begin(job.id))) return
        const ended = yield* work(job).pipe(
          timed((exit) => ({ state: Exit.isSuccess(exit) ? exit.value.state : "lost" }))
        )
        yield* Effect.retry(repo.finish(job.id, ended), { schedule: Schedule.spaced("500 millis"), times: 20 })
      })

      /** Hears that it is to be stopped, from whichever replica. */
      const hear = ({ id, stopped }: Job) =>
        notices.of("composition", id).pipe(
          Stream.filter((notice) => notice !== "news"),
          Stream.mapEffect((notice) =>
            notice === "stop" ? Effect.succeed(true) : Effect.map(repo.beat([id]), (ids) => ids.length > 0)
          ),
          Stream.takeUntil((isStopped) => isStopped),
          Stream.runDrain,
          Effect.andThen(Deferred.succeed(stopped, undefined)),
          Effect.ignore
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
        for (const id of yield* repo.beat([...jobs.keys()])) {
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
      yield* Effect.forkScoped(Effect.forever(Effect.delay(Effect.ignore(beat), rules.beat * 1000)))
      yield* Effect.forkScoped(Effect.andThen(draining.told, lose))
      return Composer.of({ start })
    })
  ).pipe(Layer.provide([ComposerRepo.layer, Notices.layer]))
}

const reasonsOf = ({ offered }: Facts, why: ReturnType<typeof whyOf>) =>
  why.map(({ candidate, ...reason }) => ({ entry_id: offered[candidate]!.entry_id as never, ...reason }))
