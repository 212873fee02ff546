import { assert, it, vi } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { Agent, get } from "node:http"
import { connect } from "node:net"
import { migratedDatabase } from "../infra/SqlFolders.ts"
import { gate } from "../support/Gate.ts"
import { testDatabase } from "../support/TestServers.ts"
import { startProcess, until, variablesFor } from "./startProcess.ts"

vi.setConfig({ testTimeout: 60_000 })

interface Answer {
  readonly status: number | undefined
  readonly connection: string | undefined
}

/**
 * One request: the answer, or the code of the error. A request on a connection that was closed for being idle was never
 * accepted, and is sent again, as browsers do.
 */
const ask = (url: string, agent?: Agent): Effect.Effect<Answer | string> =>
  Effect.callback<Answer | string>((resume) => {
    const request = get(url, { agent: agent ?? false }, (response) => {
      response.on("error", () => resume(Effect.succeed("cut")))
      response.on("end", () =>
        resume(Effect.succeed({ status: response.statusCode, connection: response.headers.connection }))
      )
      response.resume()
    })
    request.on("error", ({ code = "unknown" }: NodeJS.ErrnoException) =>
      resume(request.reusedSocket && code === "ECONNRESET" ? ask(url, agent) : Effect.succeed(code))
    )
  })

/** A client that connects and sends nothing. */
const silence = (url: string) =>
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof connect>>((resume) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1", () => resume(Effect.succeed(socket)))
      socket.on("error", () => {})
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

it.live("D08 on SIGTERM accepted requests are answered, silent connections do not delay it, the exit code is 0", () =>
  Effect.gen(function* () {
    const database = yield* migratedDatabase
    const service = yield* startProcess(yield* variablesFor(database))
    yield* service.serving
    yield* silence(service.url)
    const accepted = Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`lock table oauth_states in access exclusive mode`
      const requests = yield* Effect.forkChild(
        Effect.replicateEffect(ask(`${service.url}/auth/discord/url`), 20, { concurrency: 20 })
      )
      const waiting = sql`select from pg_locks where not granted and pg_backend_pid() = any (pg_blocking_pids(pid))`
      yield* until(waiting, (rows) => rows.length > 5)
      // Three signals, as from an impatient supervisor.
      for (const signal of ["SIGTERM", "SIGTERM", "SIGINT"] as const) service.kill(signal)
      yield* until(ask(`${service.url}/health`), (answer) => answer === "ECONNREFUSED")
      return requests
    })
    const stopped = performance.now()
    const requests = yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(accepted)).pipe(
      Effect.provide(database.layer)
    )
    const answers = yield* Fiber.join(requests)
    assert.deepStrictEqual(
      answers,
      Array.from(answers, () => ({ status: 200, connection: "close" }))
    )
    assert.strictEqual(yield* service.ended, 0)
    assert.isBelow(performance.now() - stopped, 10_000)
  })
)

it.live("D08 on SIGTERM under load, twice, no accepted request is lost", () =>
  Effect.gen(function* () {
    const variables = yield* variablesFor(yield* testDatabase)
    for (let round = 0; round < 2; round += 1) {
      const service = yield* startProcess(variables)
      yield* service.serving
      const agent = new Agent({ keepAlive: true })
      const answers: Array<Answer | string> = []
      const client = until(ask(`${service.url}/health/postgres`, agent), (answer) => {
        answers.push(answer)
        return answer === "ECONNREFUSED"
      })
      const clients = yield* Effect.forkChild(Effect.replicateEffect(client, 20, { concurrency: 20 }))
      yield* until(
        Effect.sync(() => answers.length),
        (count) => count > 200
      )
      service.kill("SIGTERM")
      yield* Fiber.join(clients)
      assert.strictEqual(yield* service.ended, 0)
      const lost = answers.filter((answer) => typeof answer === "string" || answer.status !== 200)
      assert.deepStrictEqual(new Set(lost), new Set(["ECONNREFUSED"]))
      // The status that the log gives a request that was cut off.
      assert.notInclude(service.output(), `"status":499`)
    }
  })
)

it.live(
  "on SIGTERM it is not ready at once, and serves for SHUTDOWN_DELAY_MS; then proxies may end their connections",
  () =>
    Effect.gen(function* () {
      const variables = yield* variablesFor(yield* migratedDatabase)
      const service = yield* startProcess({ ...variables, SHUTDOWN_DELAY_MS: "1500" })
      yield* service.serving
      const [ready, postgres] = [`${service.url}/health/ready`, `${service.url}/health/postgres`]
      const pooled = new Agent({ keepAlive: true, maxSockets: 1 })
      assert.deepStrictEqual(yield* ask(ready, pooled), { status: 200, connection: "keep-alive" })

      service.kill("SIGTERM")
      const stopped = performance.now()
      const unready = { status: 503, connection: "keep-alive" }
      yield* until(ask(ready, pooled), (answer) => JSON.stringify(answer) === JSON.stringify(unready))
      assert.isBelow(performance.now() - stopped, 1000)
      const answers: Array<Answer | string> = []
      // The kernel resets a connection that nobody had taken from its queue when the port was closed.
      const ends = new Set(["ECONNREFUSED", "ECONNRESET"])
      yield* until(ask(postgres), (answer) => answers.push(answer) > 0 && ends.has(String(answer)))
      assert.isAtLeast(performance.now() - stopped, 1500)
      const served = answers.slice(0, -1)
      assert.isAbove(served.length, 10)
      assert.deepStrictEqual(
        served.filter((answer) => typeof answer !== "object" || answer.status !== 200),
        []
      )

      // Long after the last response, and later than an idle connection would be closed without a delay.
      yield* Effect.sleep("1 second")
      assert.deepStrictEqual(yield* ask(postgres, pooled), { status: 200, connection: "close" })
      assert.strictEqual(yield* service.ended, 0)
      // Nobody is connected any more, so the rest of the time is not waited for.
      assert.isBelow(performance.now() - stopped, 1500 + 1000 + 1500)
    })
)

it.live("on SIGTERM while it waits for PostgreSQL it exits at once", () =>
  Effect.gen(function* () {
    const database = yield* testDatabase
    const postgres = yield* gate(database.host, database.port)
    postgres.shut()
    const service = yield* startProcess(yield* variablesFor({ ...database, port: postgres.port }))
    yield* service.says("Waiting for PostgreSQL")
    const stopped = performance.now()
    service.kill("SIGTERM")
    assert.strictEqual(yield* service.ended, 0)
    assert.isBelow(performance.now() - stopped, 5000)
  })
)
