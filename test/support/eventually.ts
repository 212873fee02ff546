import { Effect, Schedule } from "effect"

/** Asks until the answer is as wanted; if it never is, the test fails by its own time limit. */
export const eventually = <A, E, R>(ask: Effect.Effect<A, E, R>, wanted: (answer: A) => boolean) =>
  Effect.repeat(ask, { until: wanted, schedule: Schedule.spaced("20 millis") })
