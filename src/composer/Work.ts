import { Context, Deferred, Effect, Schedule } from "effect"
import type { EntryId } from "../roster/Roster.ts"
import type { Facts } from "./Asked.ts"
import type { Ended, Standing } from "./ComposerRepo.ts"
import type { CompositionId } from "./Composition.ts"
import { whyOf } from "./engine/Explain.ts"
import type { Problem, Progress } from "./engine/Problem.ts"
import { score } from "./engine/Score.ts"
import { rowsOf } from "./Problems.ts"
import { type Solved, startThread, threadEntry } from "./Thread.ts"

/**
 * How many may wait for the one that runs; what a thread runs, the MB of its heap, and by how many MB the process may grow
 * while it runs (WebAssembly's memory is outside of the heap); and seconds: what it may take over its time, and after it
 * was stopped, and how often this replica says that it lives.
 */
export const ComposerRules = Context.Reference("composer/ComposerRules", {
  defaultValue: () => ({ waiting: 2, entry: threadEntry, heap: 768, memory: 1024, over: 5, patience: 0.4, beat: 4 })
})

export interface Job {
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

const reasonsOf = ({ offered }: Facts, why: Solved["why"]) =>
  why.map(({ candidate, ...reason }) => ({ entry_id: offered[candidate]!.entry_id as EntryId, ...reason }))

const standingOf = ({ facts }: Job, { stage, value, bound, seats }: Progress): Standing => ({
  stage,
  value,
  bound,
  seats: seats && rowsOf(facts, seats)
})

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
const cut = (job: Job, last: Progress, by: "cancel" | "time"): Ended => {
  const { seats } = last
  const standing = standingOf(job, last)
  if (seats === null) {
    const nothing = { ...standing, proof: null, parts: null, why: null }
    return by === "cancel"
      ? { ...nothing, state: "stopped", ended_by: by }
      : { ...nothing, state: "lost", ended_by: null }
  }
  return {
    ...standing,
    ...score(job.problem, seats),
    state: by === "cancel" ? "stopped" : "done",
    proof: last.bound === null ? null : "lp",
    ended_by: by,
    why: reasonsOf(job.facts, whyOf(job.problem, seats))
  }
}

/** Composes in a thread, and tells how far it is, once a second at most. */
export const work = Effect.fnUntraced(function* <E>(
  rules: Context.Service.Shape<typeof ComposerRules>,
  job: Job,
  tell: (standing: Standing) => Effect.Effect<void, E>
) {
  const { id, problem, seconds, stopped } = job
  let last: Progress = { stage: "greedy", value: null, seats: null, bound: null }
  let isNews = false
  let stop = () => {}
  const thread = Effect.callback<Outcome>((resume) => {
    const started = startThread(rules, problem, seconds, {
      progress: (progress) => {
        last = { ...progress, seats: progress.seats ?? last.seats, bound: progress.bound ?? last.bound }
        isNews = true
      },
      answered: (solved) => resume(Effect.succeed({ ...solved, kind: "solved" })),
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
  const before = process.memoryUsage.rss()
  const isTooLarge = Effect.sync(() => process.memoryUsage.rss() - before > rules.memory * 1024 * 1024)
  const guarding = Effect.repeat(isTooLarge, { until: (is) => is, schedule: Schedule.spaced("250 millis") }).pipe(
    Effect.as<Outcome>({ kind: "failed", reason: "It takes too much memory" })
  )
  const news = Effect.suspend(() => {
    if (!isNews) return Effect.void
    isNews = false
    return tell(standingOf(job, last))
  })
  const telling = Effect.ignore(news).pipe(Effect.delay("1 second"), Effect.forever)
  const outcome = yield* Effect.raceAllFirst([thread, asked, late, guarding, telling])
  if (outcome.kind === "solved") return solved(job, outcome, last.stage)
  if (outcome.kind === "cut") return cut(job, last, outcome.by)
  yield* Effect.annotateLogs(Effect.logWarning("A composition failed", outcome.reason), { composition: id })
  const lost: Ended = { ...standingOf(job, last), state: "lost", proof: null, ended_by: null, parts: null, why: null }
  return lost
})
