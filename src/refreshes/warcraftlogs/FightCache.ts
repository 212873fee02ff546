import { Effect, Option, Schema } from "effect"
import { Redis } from "effect/persistence"
import { deflateRawSync, inflateRawSync } from "node:zlib"
import { redisPrefix } from "../../infra/Redis.ts"
import { FightData } from "./Gear.ts"
import type { LoggedKill } from "./Sheet.ts"

/** Seconds: the next raid night has newer gear. */
const life = 8 * 86_400

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(FightData))

const unpacked = (text: string) => {
  try {
    // A fight of 40 is about 200 KB.
    return inflateRawSync(Buffer.from(text, "base64"), { maxOutputLength: 4_000_000 }).toString()
  } catch {
    return ""
  }
}

/** Fights of finished reports, in Redis: they never change. Without Redis there are none. */
export const fightCache = Effect.gen(function* () {
  const redis = yield* Redis.Redis
  const prefix = yield* redisPrefix
  const keyOf = ({ code, fight }: Pick<LoggedKill, "code" | "fight">) => `${prefix}fight:1:${code}:${fight}`
  return {
    get: (fight: Pick<LoggedKill, "code" | "fight">) =>
      redis.send<string | null>("GET", keyOf(fight)).pipe(
        Effect.map((text) => (text === null ? undefined : Option.getOrUndefined(decode(unpacked(text))))),
        Effect.catch(() => Effect.undefined)
      ),
    put: (fight: Pick<LoggedKill, "code" | "fight">, data: FightData) =>
      Effect.suspend(() => {
        const text = deflateRawSync(JSON.stringify(data)).toString("base64")
        return Effect.ignore(redis.send("SET", keyOf(fight), text, "EX", String(life)))
      })
  }
})
