import { Effect } from "effect"
import { AppConfig } from "./AppConfig.ts"
import { Crypto } from "./Crypto.ts"

/**
 * What all keys in Redis start with. Replicas of one installation have their secret and database in common; another
 * installation on the same Redis has not.
 */
export const redisPrefix = Effect.gen(function* () {
  const { database } = yield* AppConfig
  const crypto = yield* Crypto
  return `raid:${crypto.hash("redis", database.name).slice(0, 8)}:`
})
