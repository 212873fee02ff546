import { Effect, Layer } from "effect"
import { HttpEffect, HttpServerResponse } from "effect/http"
import { Api } from "../Api.ts"
import { groupOf } from "../http/Handlers.ts"
import { jsonAnswer } from "../http/JsonText.ts"
import { Csrf } from "./Csrf.ts"
import { RequestCookies, SessionCookies } from "./SessionCookies.ts"
import { Sessions } from "./Sessions.ts"
import { CurrentSession } from "./SignedIn.ts"
import { SignIn } from "./SignIn.ts"
import * as Sweep from "./Sweep.ts"

const answerHeader = (name: string, value: string) =>
  HttpEffect.appendPreResponseHandler((_, response) =>
    Effect.succeed(HttpServerResponse.setHeader(response, name, value))
  )

const signInLayer = groupOf(
  Api,
  "signIn",
  Effect.fnUntraced(function* (handlers) {
    const signIn = yield* SignIn
    const cookies = yield* SessionCookies
    return handlers.handleAll({
      url: Effect.fnUntraced(function* ({ query }) {
        const { browsers } = yield* RequestCookies
        const { url, browser } = yield* signIn.begin({ browsers, returnTo: query.return_to ?? null })
        yield* cookies.setBrowser(browser)
        return { url }
      }),
      callback: Effect.fnUntraced(function* ({ payload }) {
        const { browsers, sessions } = yield* RequestCookies
        const { token, csrf, returnTo } = yield* signIn.finish({ ...payload, browsers, presented: sessions })
        yield* cookies.setSession(token, csrf)
        if (returnTo !== null) yield* answerHeader("x-return-to", returnTo)
      })
    })
  })
)

const sessionsLayer = groupOf(
  Api,
  "sessions",
  Effect.fnUntraced(function* (handlers) {
    const sessions = yield* Sessions
    const csrf = yield* Csrf
    const cookies = yield* SessionCookies
    return handlers.handleAll({
      current: Effect.fnUntraced(function* () {
        const { token, csrfHash, json } = yield* CurrentSession
        const { csrfs } = yield* RequestCookies
        const own = csrf.token(token, csrfHash)
        // Lost, another session's, or a twin that hides it.
        if (csrfs.length !== 1 || csrfs[0] !== own) yield* cookies.setCsrf(own)
        return jsonAnswer(json)
      }),
      list: () => Effect.map(Effect.flatMap(CurrentSession, sessions.list), jsonAnswer),
      remove: Effect.fnUntraced(function* ({ params }) {
        yield* sessions.remove(params.session_id, yield* CurrentSession)
      }),
      logoutOthers: Effect.fnUntraced(function* () {
        yield* sessions.logoutOthers(yield* CurrentSession)
      }),
      csrf: Effect.fnUntraced(function* () {
        const { token, csrfHash } = yield* CurrentSession
        const own = csrf.token(token, csrfHash)
        yield* cookies.setCsrf(own)
        // An app on another site cannot read our cookies.
        yield* answerHeader("x-csrf-token", own)
      }),
      logout: Effect.fnUntraced(function* () {
        const { sessions: presented } = yield* RequestCookies
        yield* sessions.logout(
          yield* CurrentSession,
          presented.flatMap(({ hashes }) => hashes)
        )
        yield* cookies.signOut
      })
    })
  })
)

/** Sign-in, a user's sessions, and the sweep of rows past their retention. */
export const authLayer = Layer.mergeAll(signInLayer, sessionsLayer, Sweep.layer).pipe(
  Layer.provide([SignIn.layer, Sessions.layer, Csrf.layer, SessionCookies.layer])
)
