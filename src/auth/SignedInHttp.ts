import { Effect, Layer } from "effect"
import { HttpServerRequest } from "effect/http"
import { Unauthorized } from "./Session.ts"
import { Sessions } from "./Sessions.ts"
import { RateLimits } from "../limits/RateLimits.ts"
import { isSafe } from "../http/Methods.ts"
import { SessionCookies } from "./SessionCookies.ts"
import { CurrentSession, SignedIn } from "./SignedIn.ts"

/** Cookie, session, CSRF, then the touch: in that order, so that a refused request changes nothing. */
export const signedInLayer = Layer.effect(
  SignedIn,
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const cookies = yield* SessionCookies
    const limits = yield* RateLimits

    const enter = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
      const token = cookies.session(request)
      if (token === undefined) return yield* new Unauthorized()
      const visitor = yield* sessions.find(token)
      limits.trust(token)
      if (!isSafe(request.method)) yield* sessions.checkCsrf(visitor, token, request.headers["x-csrf-token"])
      yield* sessions.touch(visitor)
      return { token, user: visitor.user, session: visitor.session }
    })

    return SignedIn.of(
      Effect.fnUntraced(function* (route) {
        const request = yield* HttpServerRequest.HttpServerRequest
        const current = yield* enter(request).pipe(
          Effect.tapError((error) =>
            error.status === 401 && cookies.hasSession(request) ? cookies.clear : Effect.void
          )
        )
        return yield* Effect.provideService(route, CurrentSession, current)
      })
    )
  })
)
