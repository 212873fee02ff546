import { Effect, Layer } from "effect"
import { Jobs } from "../infra/Jobs.ts"
import { ComposerRepo } from "./ComposerRepo.ts"
import { limits } from "./Composition.ts"

const batch = 1000

/** On one replica at a time: tells of those whose server died, and removes old ones. */
export const watchLayer = Layer.effectDiscard(
  Effect.gen(function* () {
    const jobs = yield* Jobs
    const repo = yield* ComposerRepo
    const sweep = Effect.repeat(repo.remove(limits.kept, batch), { while: (removed) => removed === batch })
    yield* jobs.singleton("watch-compositions", "1 minute", repo.loseDead)
    yield* jobs.singleton("sweep-compositions", "1 hour", sweep)
  })
).pipe(Layer.provide(ComposerRepo.layer))
