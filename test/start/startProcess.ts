import { assert } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { spawn } from "node:child_process"
import { randomInt } from "node:crypto"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"
import { environment } from "../support/environment.ts"
import { type testDatabase, testRedis } from "../support/TestServers.ts"

type Variables = Readonly<Record<string, string>>

const ourProgram = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

const secrets = (env: Variables) =>
  Object.keys(env)
    .filter((name) => /SECRET|PASSWORD|KEY/.test(name))
    .map((name) => env[name]!)

/** All variables a service needs, with this database and the Redis of the run. */
export const variablesFor = ({ port, user, password, database }: Effect.Success<typeof testDatabase>) =>
  Effect.map(testRedis, (redis): Variables => ({
    ...environment,
    LOG_LEVEL: "Info",
    DB_PORT: String(port),
    DB_USER: user,
    DB_PASSWORD: Redacted.value(password),
    DB_NAME: database,
    REDIS_HOST: redis.host,
    REDIS_PORT: String(redis.port),
    REDIS_PASSWORD: Redacted.value(redis.password)
  }))

/** Waits for a fact. */
export const until = <A, E, R>(fact: Effect.Effect<A, E, R>, holds: (value: A) => boolean) =>
  Effect.repeat(Effect.delay(fact, "10 millis"), { until: holds })

export const statusOf = (url: string) => Effect.promise(() => fetch(url).then((response) => response.status))

/** Below the range of ephemeral ports, so that no client takes the port before the service binds it. */
let nextPort = randomInt(10_000, 30_000)

/** A service's `main.ts` as its own process with only these variables, on a free port unless they name one. */
export const startProgram = Effect.fnUntraced(function* (
  program: string,
  env: Variables,
  ...flags: ReadonlyArray<string>
) {
  const port = env.APP_PORT === environment.APP_PORT ? String(nextPort++) : env.APP_PORT
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [...flags, program], { env: port === undefined ? env : { ...env, APP_PORT: port } })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  let text = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (text += data.toString()))
  const ended = new Promise<number | string | null>((resolve) =>
    child.once("close", (code, signal) => resolve(code ?? signal))
  )
  const url = `http://127.0.0.1:${port}/api/v1`

  /** The output of the process; it must never contain a secret. */
  const output = () => {
    for (const secret of secrets(env)) assert.notInclude(text, secret)
    return text
  }
  const says = (words: string) =>
    until(Effect.sync(output), (text) => {
      assert.isNull(child.exitCode, text)
      return text.includes(words)
    })
  const serving = says("Serving on port").pipe(
    Effect.andThen(statusOf(`${url}/health`)),
    Effect.map((status) => assert.strictEqual(status, 200))
  )
  return { url, output, says, serving, ended: Effect.promise(() => ended), kill: child.kill.bind(child) }
})

/** The service of this tree, in the same way. */
export const startProcess = (env: Variables, ...flags: ReadonlyArray<string>) => startProgram(ourProgram, env, ...flags)

/** A port in use: a service that tries to bind it complains about that and nothing else. */
export const takenPort = Effect.map(
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const server = createServer()
      server.listen(0, () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  ),
  (server) => {
    const address = server.address()
    return String(typeof address === "object" && address !== null ? address.port : 0)
  }
)

/** A start that must fail before it binds the port. */
export const refusedStart = Effect.fnUntraced(function* (variables: Readonly<Record<string, string>>) {
  const service = yield* startProcess({ ...variables, APP_PORT: yield* takenPort })
  assert.strictEqual(yield* service.ended, 1)
  assert.notInclude(service.output(), "cannot be bound")
  return service.output()
})
