import { Context, Effect, Layer } from "effect"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { JsonText } from "../http/JsonText.ts"
import { RequestInfo } from "../http/RequestInfo.ts"
import { Crypto } from "../infra/Crypto.ts"
import { GeoIp } from "../infra/GeoIp.ts"
import { ProfileRefresh } from "./ProfileRefresh.ts"
import {
  CurrentSessionDeleteForbidden,
  ReloginRequired,
  type Session,
  SessionExpired,
  type SessionId,
  SessionNotFound,
  SessionRevoked,
  Unauthorized
} from "./Session.ts"
import type { SentToken } from "./SessionCookies.ts"
import { type SessionRow, SessionsRepo } from "./SessionsRepo.ts"
import type { UserId } from "./User.ts"

interface Who {
  readonly user: { readonly id: UserId }
  readonly session: { readonly id: SessionId }
}

/** A signed-in user with their session, and the facts needed to check, extend and show it. */
export interface Visitor extends Who {
  readonly tokenHash: string
  readonly csrfHash: string
  readonly stale: boolean
  readonly profileStale: boolean
  readonly json: SessionRow["json"]
}

const toVisitor = (row: SessionRow): Visitor => ({
  user: { id: row.user_id },
  session: { id: row.id },
  tokenHash: row.token_hash,
  csrfHash: row.csrf_token_hash,
  stale: row.stale,
  profileStale: row.profile_stale,
  json: row.json
})

export class Sessions extends Context.Service<
  Sessions,
  {
    /**
     * The visitor of these session tokens. Asks PostgreSQL, so every replica refuses a revoked session at once. If there are
     * several, the live one counts; of two live ones of a user, the one seen last. Live sessions of different users are
     * refused.
     */
    readonly find: (
      sent: ReadonlyArray<SentToken>
    ) => Effect.Effect<
      Visitor,
      Unauthorized | SessionRevoked | SessionExpired | ReloginRequired | DependencyUnavailable
    >
    /** Stores a session that was found by another secret's hash under the current secret. Never fails the request. */
    readonly rekey: (visitor: Visitor, token: string) => Effect.Effect<void>
    /** Extends a session not seen for five minutes, and refreshes a profile over a day old. Never fails the request. */
    readonly touch: (visitor: Visitor) => Effect.Effect<void>
    readonly list: (
      current: Who
    ) => Effect.Effect<JsonText<{ readonly sessions: ReadonlyArray<typeof Session.Type> }>, DependencyUnavailable>
    /** Ends the sessions of the user that the browser presented: one that stayed would sign it in again. */
    readonly logout: (current: Who, tokenHashes: ReadonlyArray<string>) => Effect.Effect<void, DependencyUnavailable>
    readonly logoutOthers: (current: Who) => Effect.Effect<void, DependencyUnavailable>
    /** Ends another session of the same user. */
    readonly remove: (
      id: SessionId,
      current: Who
    ) => Effect.Effect<void, CurrentSessionDeleteForbidden | SessionNotFound | DependencyUnavailable>
  }
>()("auth/Sessions") {
  static readonly layer = Layer.effect(
    Sessions,
    Effect.gen(function* () {
      const repo = yield* SessionsRepo
      const geoIp = yield* GeoIp
      const profiles = yield* ProfileRefresh
      const crypto = yield* Crypto

      const judge = (
        rows: ReadonlyArray<SessionRow>
      ): Effect.Effect<Visitor, Unauthorized | SessionRevoked | SessionExpired | ReloginRequired> => {
        const live = rows.filter(({ state }) => state === "live")
        const row = live[0] ?? rows[0]
        if (row === undefined || row.state === "deleted") return new Unauthorized()
        if (live.some(({ user_id }) => user_id !== row.user_id)) return new Unauthorized()
        if (row.state === "revoked") return new SessionRevoked()
        if (row.state === "expired") return new SessionExpired()
        return row.state === "relogin" ? new ReloginRequired() : Effect.succeed(toVisitor(row))
      }

      /** Only for a token that is one of ours and in no row: a replica with a newer secret may have stored it. */
      const others = (sent: ReadonlyArray<SentToken>, rows: ReadonlyArray<SessionRow>) => {
        if (rows.length === sent.length || rows.some(({ state }) => state === "live")) return Effect.succeed(rows)
        const unknown = sent.filter(
          ({ token, hashes }) =>
            /^[\w-]{43}$/.test(token) && !rows.some(({ token_hash }) => hashes.includes(token_hash))
        )
        if (unknown.length === 0) return Effect.succeed(rows)
        return Effect.map(repo.findByPrevious(unknown.flatMap(({ hashes }) => hashes)), (found) => [...found, ...rows])
      }

      const find = (sent: ReadonlyArray<SentToken>) =>
        repo.find(sent.flatMap(({ hashes }) => hashes)).pipe(
          Effect.flatMap((rows) => others(sent, rows)),
          Effect.flatMap(judge)
        )

      const touch = Effect.fnUntraced(function* (visitor: Visitor) {
        if (visitor.profileStale) yield* profiles.begin(visitor.user.id)
        if (!visitor.stale) return
        const { ip } = yield* RequestInfo
        yield* Effect.ignore(repo.touch(visitor.session.id, geoIp.locate(ip)))
      })

      /** The CSRF token stays what it was: `csrfHash` lets it in when the secret that derived it is gone. */
      const rekey = ({ session, csrfHash }: Visitor, token: string) => {
        const { common } = crypto
        const csrf = common.csrfToken(token)
        const hashes = {
          tokenHash: crypto.hash("session", token),
          previousTokenHash: common.hash("session", token),
          csrfHash: common.hash("csrf", csrf) === csrfHash ? crypto.hash("csrf", csrf) : csrfHash
        }
        return Effect.ignore(repo.rekey(session.id, hashes))
      }

      return Sessions.of({
        find,
        rekey,
        touch,
        list: ({ user, session }) => repo.list(user.id, session.id),
        logout: ({ user }, tokenHashes) => repo.logout(tokenHashes, user.id),
        logoutOthers: ({ user, session }) => repo.revokeOthers(session.id, user.id),
        remove: Effect.fnUntraced(function* (id, { user, session }) {
          if (id === session.id) return yield* new CurrentSessionDeleteForbidden()
          if (!(yield* repo.revoke(id, user.id, "removed"))) return yield* new SessionNotFound()
        })
      })
    })
  ).pipe(Layer.provide([SessionsRepo.layer, ProfileRefresh.layer]))
}
