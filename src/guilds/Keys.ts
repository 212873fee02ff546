import { Context, Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { Crypto, randomTokenHash } from "../infra/Crypto.ts"
import type { AdminRequired, GuildId, GuildNotFound } from "./Guild.ts"
import { type GuildKey, KeyNotFound, type KeyOptions, type NewGuildKey, TooManyKeys } from "./GuildKey.ts"
import { asAdmin } from "./Guilds.ts"
import { GuildKeysRepo } from "./GuildKeysRepo.ts"

type Refusal = GuildNotFound | AdminRequired | DependencyUnavailable

/** The keys of a guild, by which programs act for it. */
export class Keys extends Context.Service<
  Keys,
  {
    /** The live ones, newest first. */
    readonly list: (guild: GuildId, caller: UserId) => Effect.Effect<ReadonlyArray<GuildKey>, Refusal>
    readonly create: (
      guild: GuildId,
      caller: UserId,
      options: KeyOptions
    ) => Effect.Effect<NewGuildKey, Refusal | TooManyKeys>
    readonly revoke: (guild: GuildId, caller: UserId, key: UserId) => Effect.Effect<void, Refusal | KeyNotFound>
  }
>()("guilds/Keys") {
  static readonly layer = Layer.effect(
    Keys,
    Effect.gen(function* () {
      const crypto = yield* Crypto
      const repo = yield* GuildKeysRepo
      return Keys.of({
        list: Effect.fn("Keys.list")(function* (guild, caller) {
          return (yield* Effect.flatMap(repo.list(guild, caller), asAdmin)).keys
        }),
        create: Effect.fn("Keys.create")(function* (guild, caller, { name, scopes, expires_in_seconds = null }) {
          const prefix = `raid_${(yield* crypto.shortToken).slice(0, 8)}`
          const token = `${prefix}_${yield* crypto.token}`
          const id = randomUUID() as UserId
          const made = { id, name, prefix, hash: randomTokenHash(token), scopes, seconds: expires_in_seconds }
          const { key, full } = yield* Effect.flatMap(repo.create(guild, caller, made), asAdmin)
          if (full) return yield* new TooManyKeys()
          return { ...key!, token }
        }),
        revoke: Effect.fn("Keys.revoke")(function* (guild, caller, key) {
          const { key: ended } = yield* Effect.flatMap(repo.revoke(guild, caller, key), asAdmin)
          if (ended === null) return yield* new KeyNotFound()
        })
      })
    })
  ).pipe(Layer.provide(GuildKeysRepo.layer))
}
