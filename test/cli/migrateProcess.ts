import { Effect, Redacted } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { testDatabase } from "../support/TestServers.ts"

export const program = fileURLToPath(new URL("../../src/cli/migrate.ts", import.meta.url))

type Variables = Readonly<Record<string, string>>

/** A process with only these variables, killed with the scope. */
export const start = (env: Variables, ...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, args, { env })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

/** Runs the migration command to its end. */
export const run = Effect.fnUntraced(function* (env: Variables, ...args: ReadonlyArray<string>) {
  const child = yield* start(env, program, ...args)
  const output = { out: "", err: "" }
  child.stdout.on("data", (data: Buffer) => (output.out += data.toString()))
  child.stderr.on("data", (data: Buffer) => (output.err += data.toString()))
  const code = yield* Effect.promise(() => new Promise<number | null>((resolve) => child.on("close", resolve)))
  return { code, ...output }
})

/** All that the migration command needs to find a database. */
export const variables = ({ host, port, user, password, database }: Effect.Success<typeof testDatabase>) => ({
  DB_HOST: host,
  DB_PORT: String(port),
  DB_USER: user,
  DB_PASSWORD: Redacted.value(password),
  DB_NAME: database
})
