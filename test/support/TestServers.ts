import { randomBytes } from "node:crypto"
import { Effect, Redacted } from "effect"
import { inject } from "vitest"
import { createDatabase, dropDatabase } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { assertCleanDatabase } from "./canaries.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** The servers of this run; plain values, because they are sent to other processes. */
    readonly postgres: {
      readonly host: string
      readonly port: number
      readonly user: string
      readonly password: string
      readonly version: string
      /** The migrated database that tests get copies of. */
      readonly template: string
    }
    readonly redis: { readonly host: string; readonly port: number; readonly password: string }
    /** A file to which each test file adds what its scan for secrets searched. */
    readonly looked: string
  }
}

const postgres = () => {
  const { template, password, ...rest } = inject("postgres")
  return { template, server: { ...rest, password: Redacted.make(password) } }
}

/**
 * A new database, migrated and otherwise empty, dropped with the scope:
 * `{ host, port, user, password, version, database }`.
 */
export const testDatabase = Effect.gen(function* () {
  const { server, template } = yield* Effect.sync(postgres)
  const database = yield* Effect.acquireRelease(
    Effect.suspend(() => {
      const name = `${template}_${randomBytes(6).toString("hex")}`
      return Effect.as(createDatabase(server, name, template), name)
    }),
    (name) =>
      assertCleanDatabase(server, name).pipe(Effect.ensuring(Effect.orDie(dropDatabase(server, name))), Effect.orDie)
  )
  return { ...server, database }
})

/**
 * The Redis of the whole run: `{ host, port, password }`. Test files run in parallel and share its keys, so a test
 * must not assume that a key is absent, nor flush: use keys with a unique part, such as a random id or address.
 */
export const testRedis = Effect.sync(() => {
  const { password, ...rest } = inject("redis")
  return { ...rest, password: Redacted.make(password) }
})
