import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../Api.ts"
import { SessionCookies } from "./SessionCookies.ts"
import { CurrentSession } from "./SignedIn.ts"
import { Sessions } from "./Sessions.ts"
import { SignIn } from "./SignIn.ts"

export const signInLayer = HttpApiBuilder.group(
  Api,
  "signIn",
  Effect.fnUntraced(function* (handlers) {
    const signIn = yield* SignIn
    const cookies = yield* SessionCookies
    return handlers.handleAll({
      url: Effect.fnUntraced(function* ({ request }) {
        const { url, browser } = yield* signIn.begin(cookies.browser(request))
        yield* cookies.setBrowser(browser)
        return { url }
      }),
      callback: Effect.fnUntraced(function* ({ request, payload }) {
        const { token, csrf } = yield* signIn.finish({
          ...payload,
          browser: cookies.browser(request),
          presented: cookies.session(request)
        })
        yield* cookies.setSession(token, csrf)
      })
    })
  })
)

export const sessionsLayer = HttpApiBuilder.group(
  Api,
  "sessions",
  Effect.fnUntraced(function* (handlers) {
    const sessions = yield* Sessions
    const cookies = yield* SessionCookies
    return handlers.handleAll({
      current: () => Effect.map(CurrentSession, ({ user, session }) => ({ user, session })),
      list: Effect.fnUntraced(function* () {
        return { sessions: yield* sessions.list(yield* CurrentSession) }
      }),
      remove: Effect.fnUntraced(function* ({ params }) {
        yield* sessions.remove(params.session_id, yield* CurrentSession)
      }),
      logoutOthers: Effect.fnUntraced(function* () {
        yield* sessions.logoutOthers(yield* CurrentSession)
      }),
      csrf: Effect.fnUntraced(function* () {
        const { token } = yield* CurrentSession
        yield* cookies.setCsrf(sessions.csrfToken(token))
      }),
      logout: Effect.fnUntraced(function* () {
        yield* sessions.logout(yield* CurrentSession)
        yield* cookies.clear
      })
    })
  })
)
