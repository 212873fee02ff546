import { Effect, Layer } from "effect"
import { HttpServerRequest } from "effect/http"
import { isSafe } from "../http/Methods.ts"
import { RateLimits } from "../limits/RateLimits.ts"
import { Csrf } from "./Csrf.ts"
import { Unauthorized } from "./Session.ts"
import { commonHash, RequestCookies, SessionCookies } from "./SessionCookies.ts"
import { Sessions } from "./Sessions.ts"
import { CurrentSession, SignedIn } from "./SignedIn.ts"

/** The session is updated last, after the rate limit and the CSRF check, so that a refused request changes nothing. */
export const signedInLayer = Layer.effect(
  SignedIn,
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const cookies = yield* SessionCookies
    const csrf = yield* Csrf
    const limits = yield* RateLimits

    const enter = Effect.gen(function* () {
      const { sessions: sent } = yield* RequestCookies
      if (sent.length === 0) return yield* new Unauthorized()
      const visitor = yield* sessions.find(sent)
      const own = sent.find(({ hashes }) => hashes.includes(visitor.tokenHash))!
      const { token } = own
      yield* limits.signedIn(commonHash(own), visitor.user.id)
      const { method, headers } = yield* HttpServerRequest.HttpServerRequest
      if (!isSafe(method)) yield* csrf.check(visitor, token, headers["x-csrf-token"])
      if (visitor.tokenHash !== own.hashes[0]) yield* sessions.rekey(visitor, token)
      yield* sessions.touch(visitor)
      const { csrfHash, user, session, json } = visitor
      return { token, csrfHash, user, session, json }
    }).pipe(
      Effect.tapError((error) =>
        Effect.flatMap(RequestCookies, ({ hasSession }) =>
          error.status === 401 && hasSession ? cookies.clear : Effect.void
        )
      )
    )

    return SignedIn.of((route) =>
      Effect.flatMap(enter, (current) => Effect.provideService(route, CurrentSession, current))
    )
  })
).pipe(Layer.provide([Sessions.layer, SessionCookies.layer, Csrf.layer, RateLimits.layer]))
