import { randomBytes } from "node:crypto"
import { Effect, Redacted } from "effect"
import { inject } from "vitest"
import { createDatabase, dropDatabase } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { assertCleanDatabase } from "./canaries.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** The servers of this run; plain values, since they go from process to process. */
    readonly postgres: {
      readonly host: string
      readonly port: number
      readonly user: string
      readonly password: string
      readonly version: string
      /** The migrated database that those of the tests are copies of. */
      readonly template: string
    }
    readonly redis: { readonly host: string; readonly port: number; readonly password: string }
    /** A file that each test file tells what its scan for secrets looked through. */
    readonly looked: string
  }
}

const postgres = () => {
  const { template, password, ...rest } = inject("postgres")
  return { template, server: { ...rest, password: Redacted.make(password) } }
}

/**
 * A migrated and otherwise empty database of one's own, dropped with the scope:
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
 * The Redis of the whole run: `{ host, port, password }`. Files run beside each other and share its keys, so a test
 * must not assume that a key is absent, nor flush: give keys a part of your own, such as a random id or address.
 */
export const testRedis = Effect.sync(() => {
  const { password, ...rest } = inject("redis")
  return { ...rest, password: Redacted.make(password) }
})
