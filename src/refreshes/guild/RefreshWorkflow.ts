import { Cause, Effect, Exit, Schema } from "effect"
import { Activity, DurableClock, Workflow, type WorkflowEngine } from "effect/workflow"
import { EntryId } from "../../roster/Roster.ts"
import { BattlenetSteps } from "./BattlenetSteps.ts"
import { Provider, RefreshId } from "./GuildRefresh.ts"
import { RefreshPartsRepo } from "./RefreshPartsRepo.ts"
import { type Patience, Step } from "./Step.ts"
import { Fight, mostRounds, WarcraftlogsSteps } from "./WarcraftlogsSteps.ts"

/**
 * The work of a refresh with one provider, as a durable sequence of steps: each of them is run, in the replica that has
 * the job then, and its answer kept. What stands between the steps is run again whenever the job changes hands, so it uses
 * nothing but those answers. A different sequence, or other names, need another version beside this one.
 */
export const RefreshV1 = Workflow.make("RefreshV1", {
  payload: { id: RefreshId, provider: Provider },
  // An execution is for ever, so it is not the guild's.
  idempotencyKey: ({ id, provider }) => `${id}/${provider}`
})

/** A sleep up to this long is not worth a message. */
const shortSleep = "5 seconds"

const Groups = Schema.Array(Schema.Array(EntryId))

/** Repeats a step after the pauses it asks for. False if the refresh does not live any more. */
const insisting = () => {
  let gaveUp = false
  return Effect.fnUntraced(function* <R>(name: string, step: (patience: Patience) => Effect.Effect<Step, never, R>) {
    const waits = { provider: 0, limit: 0 }
    for (let n = 1; ; n += 1) {
      const { next, pause, reason } = yield* Activity.make({
        name: `${name}/${n}`,
        success: Step,
        execute: step({ ...waits, gaveUp })
      })
      if (next !== "wait") {
        gaveUp = next === "gave-up"
        return next !== "ended"
      }
      waits[reason === "provider" ? "provider" : "limit"] += 1
      // The pause was recorded, so it is the same when this is run again; a clock that runs is not wound up anew.
      yield* DurableClock.sleep({ name: `${name}/${n}`, duration: pause, inMemoryThreshold: shortSleep })
    }
  })
}

const battlenet = Effect.fnUntraced(function* (id: RefreshId) {
  const steps = yield* BattlenetSteps
  const insist = insisting()
  const groups = yield* Activity.make({ name: "plan", success: Groups, execute: steps.plan(id) })
  for (const [n, group] of groups.entries())
    if (!(yield* insist(`profiles/${n}`, (patience) => steps.profiles(id, group, patience)))) return
})

const warcraftlogs = Effect.fnUntraced(function* (id: RefreshId) {
  const steps = yield* WarcraftlogsSteps
  const insist = insisting()
  const batches = yield* Activity.make({ name: "plan", success: Groups, execute: steps.plan(id) })
  for (const [n, batch] of batches.entries())
    if (!(yield* insist(`sheets/${n}`, (patience) => steps.sheets(id, batch, patience)))) return
  for (let round = 1; ; round += 1) {
    const fights = yield* Activity.make({
      name: `choose/${round}`,
      success: Schema.Array(Fight),
      execute: steps.choose(id, round > mostRounds)
    })
    if (fights.length === 0) return
    for (const [n, fight] of fights.entries())
      if (!(yield* insist(`fight/${round}/${n}`, (patience) => steps.fight(id, fight, patience)))) return
  }
})

type Needed = BattlenetSteps | WarcraftlogsSteps | WorkflowEngine.WorkflowEngine | WorkflowEngine.WorkflowInstance

export const refreshWorkflow = RefreshV1.toLayer(
  Effect.fnUntraced(function* ({ id, provider }) {
    const parts = yield* RefreshPartsRepo
    const work = Effect.suspend((): Effect.Effect<void, never, Needed> =>
      provider === "battlenet" ? battlenet(id) : warcraftlogs(id)
    )
    yield* work.pipe(
      Effect.onExit((exit) =>
        Exit.isFailure(exit) && Cause.hasDies(exit.cause)
          ? Effect.logError("A guild refresh failed", exit.cause).pipe(
              Effect.annotateLogs({ refresh: id, provider }),
              Effect.andThen(parts.fail(id)),
              Effect.ignore
            )
          : Effect.void
      )
    )
  })
)
