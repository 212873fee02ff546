import { Context, Effect, Layer } from "effect"
import { HttpServerRequest } from "effect/http"
import { isSafe } from "../http/Methods.ts"
import { RateLimits } from "../limits/RateLimits.ts"
import { bearerOf, keyHash } from "./BearerKey.ts"
import { Csrf } from "./Csrf.ts"
import { InvalidKey, type KeyScope, NeededScope, ScopeMissing } from "./KeyScope.ts"
import { KeysRepo } from "./KeysRepo.ts"
import { Unauthorized } from "./Session.ts"
import { commonHash, RequestCookies, SessionCookies } from "./SessionCookies.ts"
import { Sessions } from "./Sessions.ts"
import { Caller, CurrentSession, SignedIn } from "./SignedIn.ts"

/**
 * A key decides before any cookie. The session is updated last, after the rate limit and the CSRF check, so that a refused
 * request changes nothing.
 */
export const signedInLayer = Layer.effect(
  SignedIn,
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const cookies = yield* SessionCookies
    const csrf = yield* Csrf
    const limits = yield* RateLimits
    const keys = yield* KeysRepo

    const enterByKey = Effect.fnUntraced(function* (token: string, scope: KeyScope | undefined) {
      const hash = keyHash(token)
      const key = hash === undefined ? undefined : yield* keys.find(hash)
      if (key === undefined) return yield* new InvalidKey()
      yield* limits.signedIn(key.token_hash, key.id)
      if (scope === undefined || !key.scopes.includes(scope))
        return yield* new ScopeMissing({ details: { needed: scope ?? null } })
      if (key.unnoted) yield* Effect.ignore(keys.noteUse(key.id))
      return { user: { id: key.id }, right: key.id }
    })

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

    // A route asks for one of the two, and each costs every request a little.
    const asCaller = <A, E, R>(route: Effect.Effect<A, E, R>, caller: Caller["Service"]) =>
      Effect.provideService(route, Caller, caller) as Effect.Effect<A, E, Exclude<R, Caller | CurrentSession>>
    const inSession = <A, E, R>(route: Effect.Effect<A, E, R>, current: CurrentSession["Service"]) =>
      Effect.provideService(route, CurrentSession, current) as Effect.Effect<A, E, Exclude<R, Caller | CurrentSession>>

    return SignedIn.of((route, { endpoint }) => {
      const scope = Context.get(endpoint.annotations, NeededScope)
      const bySession = Effect.flatMap(enter, (current) =>
        scope === undefined
          ? inSession(route, current)
          : asCaller(route, { user: current.user, right: current.session.id })
      )
      const byKey = (token: string) => Effect.flatMap(enterByKey(token, scope), (caller) => asCaller(route, caller))
      type Entered = Effect.Effect<
        Effect.Success<typeof route>,
        Effect.Error<typeof bySession | ReturnType<typeof byKey>>,
        Effect.Services<typeof bySession>
      >
      return Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }): Entered => {
        const token = bearerOf(headers)
        return token === undefined ? bySession : byKey(token)
      })
    })
  })
).pipe(Layer.provide([Sessions.layer, SessionCookies.layer, Csrf.layer, RateLimits.layer, KeysRepo.layer]))
