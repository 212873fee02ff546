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

const signInLayer = groupOf(
  Api,
  "signIn",
  Effect.fnUntraced(function* (handlers) {
    const signIn = yield* SignIn
    const cookies = yield* SessionCookies
    return handlers.handleAll({
      url: Effect.fnUntraced(function* () {
        const { url, browser } = yield* signIn.begin((yield* RequestCookies).browsers)
        yield* cookies.setBrowser(browser)
        return { url }
      }),
      callback: Effect.fnUntraced(function* ({ payload }) {
        const { browsers, sessions } = yield* RequestCookies
        const presented = sessions.map(({ hash }) => hash)
        const { token, csrf } = yield* signIn.finish({ ...payload, browsers, presented })
        yield* cookies.setSession(token, csrf)
      })
    })
  })
)

/** An app on another site cannot read our cookies. */
const answerCsrf = (csrf: string) =>
  HttpEffect.appendPreResponseHandler((_, response) =>
    Effect.succeed(HttpServerResponse.setHeader(response, "x-csrf-token", csrf))
  )

const sessionsLayer = groupOf(
  Api,
  "sessions",
  Effect.fnUntraced(function* (handlers) {
    const sessions = yield* Sessions
    const csrf = yield* Csrf
    const cookies = yield* SessionCookies
    return handlers.handleAll({
      current: () => Effect.map(CurrentSession, ({ json }) => jsonAnswer(json)),
      list: () => Effect.map(Effect.flatMap(CurrentSession, sessions.list), jsonAnswer),
      remove: Effect.fnUntraced(function* ({ params }) {
        yield* sessions.remove(params.session_id, yield* CurrentSession)
      }),
      logoutOthers: Effect.fnUntraced(function* () {
        yield* sessions.logoutOthers(yield* CurrentSession)
      }),
      csrf: Effect.fnUntraced(function* () {
        const { token } = yield* CurrentSession
        yield* cookies.setCsrf(csrf.token(token))
        yield* answerCsrf(csrf.token(token))
      }),
      logout: Effect.fnUntraced(function* () {
        const { sessions: presented } = yield* RequestCookies
        yield* sessions.logout(
          yield* CurrentSession,
          presented.map(({ hash }) => hash)
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
