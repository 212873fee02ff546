import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { compareSplitter } from "../fuzz/SqlCompare.ts"
import { testDatabase } from "../support/TestServers.ts"

it.live(
  "random files, split and run one by one, leave what psql and the server's own reading leave",
  () =>
    Effect.gen(function* () {
      const told: Array<string> = []
      yield* compareSplitter(yield* testDatabase, { files: 60, seed: 20261125, told: (line) => told.push(line) })
      assert.deepStrictEqual(told, [])
    }),
  60_000
)
