import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { change, Reads, sharedRead } from "../infra/Sql.ts"
import type { KeyScope } from "./KeyScope.ts"
import type { UserId } from "./User.ts"

/** A live key. */
export interface KeyRow {
  /** The user that it acts as: a member of its guild alone. */
  readonly id: UserId
  readonly token_hash: string
  readonly scopes: ReadonlyArray<KeyScope>
  /** Last used over a minute ago. */
  readonly unnoted: boolean
}

/** The keys by which programs call. */
export class KeysRepo extends Context.Service<
  KeysRepo,
  {
    /** The live key with this hash. Requests that ask at once share a statement. */
    readonly find: (tokenHash: string) => Effect.Effect<KeyRow | undefined, DependencyUnavailable>
    /** Unless another request just did. */
    readonly noteUse: (key: UserId) => Effect.Effect<void, DependencyUnavailable>
  }
>()("auth/KeysRepo") {
  static readonly layer = Layer.effect(
    KeysRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const reads = yield* Reads

      const find = sharedRead((hashes: ReadonlyArray<string>) =>
        reads<KeyRow>`
          select k.id, k.token_hash, k.scopes,
            coalesce(k.last_used_at < now() - interval '1 minute', true) as unnoted
          from guild_keys k
          join live_members m on m.guild_id = k.guild_id and m.user_id = k.id
          join live_members maker on maker.guild_id = k.guild_id and maker.user_id = k.created_by and maker.role = 'admin'
          where k.token_hash = any(string_to_array(${hashes.join(" ")}, ' '))
            and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())`.pipe(
          Effect.map((rows) => {
            const byHash = new Map(rows.map((row) => [row.token_hash, row]))
            return hashes.map((hash) => byHash.get(hash))
          })
        )
      )

      const noteUse = (key: UserId) =>
        Effect.asVoid(
          change(sql`update guild_keys set last_used_at = now() where id = ${key}
            and (last_used_at is null or last_used_at < now() - interval '1 minute')`)
        )

      return KeysRepo.of({ find, noteUse })
    })
  )
}
