import { Context, Effect, Layer } from "effect"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { RequestInfo } from "../http/RequestInfo.ts"
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
  Unauthorized,
  type User
} from "./Session.ts"
import { type SessionRow, SessionsRepo, type SessionView } from "./SessionsRepo.ts"

interface Who {
  readonly user: typeof User.Type
  readonly session: typeof Session.Type
}

/** A signed-in user with their session, and the facts needed to check and extend it. */
export interface Visitor extends Who {
  readonly tokenHash: string
  readonly csrfHash: string
  readonly stale: boolean
  readonly profileStale: boolean
}

const toSession = (row: SessionView, isCurrent: boolean): typeof Session.Type => ({
  id: row.id,
  created_at: row.created_at.toISOString(),
  last_seen_at: row.last_seen_at.toISOString(),
  expires_at: row.expires_at.toISOString(),
  user_agent: row.user_agent,
  login_location: row.login_location,
  current_location: row.current_location,
  is_current: isCurrent
})

const toVisitor = (row: SessionRow): Visitor => ({
  user: {
    id: row.user_id,
    created_at: row.user_created_at.toISOString(),
    discord: row.discord
  },
  session: toSession(row, true),
  tokenHash: row.token_hash,
  csrfHash: row.csrf_token_hash,
  stale: row.stale,
  profileStale: row.profile_stale
})

export class Sessions extends Context.Service<
  Sessions,
  {
    /**
     * The visitor of the session tokens with these hashes. Asks PostgreSQL, so every replica refuses a revoked session at
     * once. If there are several, the live one counts; of two live ones of a user, the one seen last. Live sessions of
     * different users are refused.
     */
    readonly find: (
      tokenHashes: ReadonlyArray<string>
    ) => Effect.Effect<
      Visitor,
      Unauthorized | SessionRevoked | SessionExpired | ReloginRequired | DependencyUnavailable
    >
    /** Extends a session not seen for five minutes, and refreshes a profile over a day old. Never fails the request. */
    readonly touch: (visitor: Visitor) => Effect.Effect<void>
    readonly list: (current: Who) => Effect.Effect<ReadonlyArray<typeof Session.Type>, DependencyUnavailable>
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

      const isLive = (row: SessionRow) => !(row.deleted || row.revoked || row.expired || row.relogin_required)

      const find = Effect.fnUntraced(function* (tokenHashes: ReadonlyArray<string>) {
        const rows = yield* repo.find(tokenHashes)
        const live = rows.filter(isLive)
        const row = live[0] ?? rows[0]
        if (row === undefined || row.deleted) return yield* new Unauthorized()
        if (live.some(({ user_id }) => user_id !== row.user_id)) return yield* new Unauthorized()
        if (row.revoked) return yield* new SessionRevoked()
        if (row.expired) return yield* new SessionExpired()
        if (row.relogin_required) return yield* new ReloginRequired()
        return toVisitor(row)
      })

      const touch = Effect.fnUntraced(function* (visitor: Visitor) {
        if (visitor.profileStale) yield* profiles.begin(visitor.user.id)
        if (!visitor.stale) return
        const { ip } = yield* RequestInfo
        yield* Effect.ignore(repo.touch(visitor.session.id, geoIp.locate(ip)))
      })

      return Sessions.of({
        find,
        touch,
        list: ({ user, session }) =>
          Effect.map(repo.list(user.id), (rows) => rows.map((row) => toSession(row, row.id === session.id))),
        logout: ({ user }, tokenHashes) => repo.logout(tokenHashes, user.id),
        logoutOthers: ({ user, session }) => repo.revokeOthers(session.id, user.id),
        remove: Effect.fn("Sessions.remove")(function* (id, { user, session }) {
          if (id === session.id) return yield* new CurrentSessionDeleteForbidden()
          if (!(yield* repo.revoke(id, user.id, "removed"))) return yield* new SessionNotFound()
        })
      })
    })
  ).pipe(Layer.provide([SessionsRepo.layer, ProfileRefresh.layer]))
}
