import { Effect, Layer } from "effect"
import { HttpServerResponse } from "effect/http"
import { Api } from "../Api.ts"
import { SessionCookies } from "../auth/SessionCookies.ts"
import { CurrentSession } from "../auth/SignedIn.ts"
import { groupOf } from "../http/Handlers.ts"
import { jsonAnswer } from "../http/JsonText.ts"
import { Accounts } from "./Accounts.ts"

/** One's own data. */
export const accountLayer = groupOf(
  Api,
  "account",
  Effect.fnUntraced(function* (handlers) {
    const accounts = yield* Accounts
    const cookies = yield* SessionCookies
    return handlers.handleAll({
      export: Effect.fnUntraced(function* () {
        const { user } = yield* CurrentSession
        return HttpServerResponse.setHeaders(jsonAnswer(yield* accounts.exported(user.id)), {
          "content-disposition": 'attachment; filename="account.json"',
          "cache-control": "no-store"
        })
      }),
      remove: Effect.fnUntraced(function* ({ payload }) {
        const { user } = yield* CurrentSession
        const deleted = yield* accounts.forget(user.id, payload.confirm)
        yield* cookies.signOut
        return deleted
      })
    })
  })
).pipe(Layer.provide([Accounts.layer, SessionCookies.layer]))
