import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { randomUUID } from "node:crypto"
import { battlenetSimulator } from "../../src/demo/simulators/Battlenet.ts"
import { demoCharacters } from "../../src/demo/simulators/World.ts"
import { BnetRate } from "../../src/refreshes/battlenet/BnetClient.ts"
import { bnetClient, credentials } from "../infra/providers.ts"

const { name, realm, region } = demoCharacters.find((one) => one.name === "Aldrakh" && one.realm !== "thunderstrike")!
const question = { name, server: realm, region }

/** Two clients that count together, as those of one installation do. */
const twoReplicas = Effect.gen(function* () {
  const sim = yield* battlenetSimulator({ ...credentials, requestsPerSecond: 10_000 })
  const variables = {
    DB_NAME: `rate_${randomUUID()}`,
    BNET_API_BASE_URL: sim.apiBaseUrl,
    BNET_OAUTH_TOKEN_URL: sim.tokenUrl
  }
  return { sim, client: yield* bnetClient(variables), other: yield* bnetClient(variables) }
})

describe("two replicas together", { concurrent: true }, () => {
  it.live("stay under 100 requests a second", () =>
    Effect.gen(function* () {
      const { sim, client, other } = yield* twoReplicas
      const each = (one: typeof client) =>
        Effect.all(
          Array.from({ length: 60 }, () => one.character(question)),
          { concurrency: 30 }
        )
      const found = yield* Effect.all([each(client), each(other)], { concurrency: 2 })
      for (const { error, unread } of found.flat()) assert.deepStrictEqual([error, unread], [null, []])
      const times = sim.calls.all.map(({ at }) => at)
      assert.isAtLeast(times.length, 360)
      // 9 at once, then one each 11 ms; the log has arrivals, which a busy machine moves a little.
      assert.isAtLeast(times.at(-1)! - times[0]!, ((times.length - 10) * 1000) / 90 - 200)
      for (const [at, time] of times.entries()) assert.isAbove((times[at + 150] ?? Infinity) - time, 1000)
    })
  )

  it.live("stay under the hour's limit, and say when there is room again", () =>
    Effect.gen(function* () {
      const { sim, client, other } = yield* twoReplicas
      // 20 requests, and then one each 30 s.
      const further = (n: number) => Effect.result((n % 2 === 0 ? client : other).further(question, null))
      const found = yield* Effect.forEach(Array.from({ length: 40 }), (_, n) => further(n))
      const refused = found.filter(Result.isFailure).map(({ failure }) => failure)
      assert.isAtLeast(refused.length, 20)
      for (const error of refused) {
        if (error._tag !== "provider.rate_limited") return assert.fail(error._tag)
        assert.closeTo(error.retryAfter!, 30, 5)
      }
      assert.lengthOf(sim.calls.all, 20)
    }).pipe(
      Effect.provideService(BnetRate, {
        short: { interval: 1, burst: 100 },
        long: { interval: 30_000, burst: 20 },
        alone: { interval: 1, burst: 1 }
      })
    )
  )
})
