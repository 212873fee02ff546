import { Effect } from "effect"

/**
 * Gives back what only the start needed: most of it is room for young objects, some 25 MB, which stays otherwise for as
 * long as no load fills it. Takes 50 ms, once; does nothing without `--expose-gc`.
 */
export const releaseMemory = Effect.promise(async () =>
  globalThis.gc?.({ type: "major", flavor: "last-resort", execution: "async" })
)
