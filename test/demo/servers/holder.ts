import { Effect } from "effect"
import { embeddedPostgres } from "../../../src/demo/servers/EmbeddedPostgres.ts"
import { embeddedRedis } from "../../../src/demo/servers/EmbeddedRedis.ts"

/** A process that runs both servers, prints their ports, and waits to be killed, or exits when told `exit`. */
const hold = Effect.gen(function* () {
  const postgres = yield* embeddedPostgres({})
  const redis = yield* embeddedRedis()
  process.stdout.write(`${postgres.port} ${redis.port}\n`)
  return yield* Effect.never
})

const stay = setInterval(() => {}, 60_000)
process.stdin.once("data", () => {
  clearInterval(stay)
  process.exit(0)
})
Effect.runFork(Effect.scoped(hold))
