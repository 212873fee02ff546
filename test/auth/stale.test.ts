import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { openBrowser } from "../support/Browser.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"

const path = "/api/v1/auth/session"

layer(TestApp.layer({ DB_POOL_SIZE: "20", RATE_LIMIT_REQUESTS: "1000000" }), live)("revocation", (it) => {
  it.effect.each(["open", "silence", "shut"] as const)(
    "S04 with Redis %s neither replica accepts a revoked session, in a third of 10,000 requests",
    (state) =>
      Effect.gen(function* () {
        const app = yield* TestApp
        const here = yield* openBrowser()
        yield* here.signIn()
        const headers = { cookie: `session=${yield* here.cookie("session")}` }
        const there = yield* openBrowser(yield* startReplica(app.variables))
        app.redis[state]()
        const ask = ({ send, url }: typeof here) =>
          Effect.map(send("GET", path, { headers }), ({ status }) => ({ url, status }))
        const before = yield* Effect.all([ask(here), ask(there)])
        assert.deepStrictEqual(
          before.map(({ status }) => status),
          [200, 200]
        )
        yield* here.send("POST", "/api/v1/auth/logout")
        const answers = yield* Effect.forEach(
          Array.from({ length: 3334 }, (_, index) => (index % 2 === 0 ? here : there)),
          ask,
          { concurrency: 40 }
        )
        app.redis.open()
        for (const { url } of [here, there]) {
          const statuses = answers.flatMap((answer) => (answer.url === url ? [answer.status] : []))
          assert.include(statuses, 401, url)
          // A busy pool may answer 503, which does not accept the session.
          assert.deepStrictEqual(
            statuses.filter((status) => status !== 401 && status !== 503),
            [],
            url
          )
        }
      }),
    30_000
  )
})
