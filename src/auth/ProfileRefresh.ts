import { Context, Data, Effect, FiberSet, Layer, Schedule, Semaphore } from "effect"
import { Crypto } from "../infra/Crypto.ts"
import { DiscordClient } from "./discord/DiscordClient.ts"
import { type Claim, ProfileRefreshRepo } from "./ProfileRefreshRepo.ts"
import { sealTokens } from "./SealedTokens.ts"
import type { UserId } from "./User.ts"

/** A limit, so that a slow Discord does not tie up the service. */
const atOnce = 4

/** Discord sent no refresh token: once the access token expires, the user has to sign in again. */
class NoRefreshToken extends Data.TaggedError("NoRefreshToken") {}

/** The tokens are nobody's any more. */
class AccountDeleted extends Data.TaggedError("AccountDeleted") {}

/** Refreshes a user's Discord profile, at most once a day, when one of their requests finds it old. */
export class ProfileRefresh extends Context.Service<
  ProfileRefresh,
  {
    /** Starts a refresh in the background. If enough are running, it is left to a later request. */
    readonly begin: (user: UserId) => Effect.Effect<void>
  }
>()("auth/ProfileRefresh") {
  static readonly layerNoDeps = Layer.effect(
    ProfileRefresh,
    Effect.gen(function* () {
      const repo = yield* ProfileRefreshRepo
      const crypto = yield* Crypto
      const discord = yield* DiscordClient
      const permits = yield* Semaphore.make(atOnce)
      const jobs = yield* FiberSet.make()
      // A job stopped after Discord rotated the tokens but before we stored them would lose them.
      yield* Effect.addFinalizer(() => Effect.timeoutOption(FiberSet.awaitEmpty(jobs), "2 seconds"))

      const rotate = Effect.fnUntraced(function* (claim: Claim) {
        if (claim.refreshToken === null) return yield* new NoRefreshToken()
        const tokens = yield* discord
          .refreshToken(yield* crypto.open(claim.refreshToken))
          .pipe(Effect.tapErrorTag("DiscordTokenRejected", () => repo.requireRelogin(claim, "invalid_grant")))
        const sealed = yield* sealTokens(crypto, tokens)
        const storing = repo.storeTokens(claim, sealed)
        const isThere = yield* Effect.retry(storing, { times: 4, schedule: Schedule.exponential("200 millis") })
        if (isThere) return tokens.accessToken
        yield* Effect.ignore(discord.revokeToken(tokens.accessToken))
        return yield* new AccountDeleted()
      })

      const ask = Effect.fnUntraced(function* (claim: Claim) {
        const renewed = Effect.flatMap(rotate(claim), discord.currentUser)
        if (claim.expiring) return yield* renewed
        const token = yield* crypto.open(claim.accessToken)
        return yield* Effect.catchTag(discord.currentUser(token), "DiscordTokenRejected", () => renewed)
      })

      const warn = ({ _tag: reason }: { readonly _tag: string }) =>
        Effect.annotateLogs(Effect.logWarning("A profile was not refreshed"), { reason })

      const refresh = Effect.fn("ProfileRefresh.refresh")(
        function* (user: UserId) {
          const claim = yield* repo.claim(user)
          if (claim !== undefined) yield* repo.storeProfile(claim, yield* ask(claim))
        },
        Effect.catch(warn),
        Effect.catchDefect((defect) => Effect.logError("A profile refresh failed unexpectedly", defect))
      )

      return ProfileRefresh.of({
        begin: (user) => Effect.asVoid(FiberSet.run(jobs, permits.withPermitsIfAvailable(1)(refresh(user))))
      })
    })
  )

  static readonly layer = ProfileRefresh.layerNoDeps.pipe(
    Layer.provide([ProfileRefreshRepo.layer, DiscordClient.layer])
  )
}
