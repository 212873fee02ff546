import { Context, Effect, Layer } from "effect"
import { DiscordClient } from "../auth/discord/DiscordClient.ts"
import { Unauthorized } from "../auth/Session.ts"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { JsonText } from "../http/JsonText.ts"
import { AppConfig } from "../infra/AppConfig.ts"
import { Crypto } from "../infra/Crypto.ts"
import { RateLimits } from "../limits/RateLimits.ts"
import { ConfirmationMismatch, type Deleted, LastAdmin } from "./Account.ts"
import type { AccountExport } from "./AccountExport.ts"
import { AccountRepo } from "./AccountRepo.ts"

/** What is stored about a person: all of it to see, and to delete. */
export class Accounts extends Context.Service<
  Accounts,
  {
    readonly exported: (caller: UserId) => Effect.Effect<JsonText<AccountExport>, Unauthorized | DependencyUnavailable>
    /**
     * Deletes the caller's account at once, if they confirm it by their Discord username and no guild would be left
     * without an admin. Of several at once one does, and the others find nobody. Their tokens are erased, and revoked at
     * Discord if it answers.
     */
    readonly forget: (
      caller: UserId,
      confirmation: string
    ) => Effect.Effect<Deleted, ConfirmationMismatch | LastAdmin | Unauthorized | DependencyUnavailable>
  }
>()("account/Accounts") {
  static readonly layer = Layer.effect(
    Accounts,
    Effect.gen(function* () {
      const repo = yield* AccountRepo
      const limits = yield* RateLimits
      const discord = yield* DiscordClient
      const crypto = yield* Crypto
      const { auditRetentionDays } = yield* AppConfig

      /** At Discord a token that is erased here would live on for a week, or for as long as it is renewed. */
      const revoke = (sealed: string) =>
        Effect.flatMap(crypto.open(sealed), discord.revokeToken).pipe(
          Effect.catch(({ _tag: reason }) =>
            Effect.annotateLogs(
              Effect.logWarning("A deleted account's tokens were not revoked at Discord; they are erased here"),
              { reason }
            )
          )
        )

      return Accounts.of({
        exported: (caller) =>
          Effect.flatMap(repo.exported(caller), (body) =>
            body === undefined ? new Unauthorized() : Effect.succeed(body)
          ),
        forget: Effect.fn("Accounts.forget")(function* (caller, confirmation) {
          const { outcome, guilds, sessions, token, events_until } = yield* repo.forget(
            caller,
            confirmation,
            auditRetentionDays
          )
          if (outcome === "unknown") return yield* new Unauthorized()
          if (outcome === "mismatch") return yield* new ConfirmationMismatch()
          if (outcome === "last_admin") return yield* new LastAdmin({ details: { guilds } })
          yield* limits.forget(caller, sessions ?? [])
          if (token !== null) yield* revoke(token)
          return { events_until: events_until!.toISOString() }
        })
      })
    })
  ).pipe(Layer.provide([AccountRepo.layer, RateLimits.layer, DiscordClient.layer]))
}
