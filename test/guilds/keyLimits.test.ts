import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { foundGuild } from "../support/people.ts"
import { live, TestApp } from "../support/TestApp.ts"
import { everyScope, keyed } from "./keyed.ts"

layer(TestApp.layer({ RATE_LIMIT_REQUESTS: "40" }), live)("limits of keys", (it) => {
  it.effect("count each key by itself, whatever address it calls from", () =>
    Effect.gen(function* () {
      const { admin, path } = yield* foundGuild()
      const [one, other] = [yield* keyed(admin, path), yield* keyed(admin, path, { scopes: everyScope })]
      const first = yield* one.call("GET", `${path}/plans`)
      assert.strictEqual(first.status, 200)
      const answers = yield* Effect.forEach(
        Array.from({ length: 45 }),
        () => Effect.map(one.call("GET", `${path}/plans`), ({ status, body }) => [status, body.error?.code]),
        { concurrency: 5 }
      )
      assert.deepInclude(answers, [429, "rate_limit.exceeded"])
      assert.isAtLeast(answers.filter(([status]) => status === 200).length, 35)
      assert.strictEqual((yield* other.call("GET", `${path}/plans`)).status, 200)
    })
  )
})
