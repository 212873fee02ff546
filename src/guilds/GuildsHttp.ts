import { Effect, Layer } from "effect"
import { Api } from "../Api.ts"
import { CurrentSession } from "../auth/SignedIn.ts"
import { knownTags, tagged } from "../http/ETag.ts"
import { groupOf } from "../http/Handlers.ts"
import { GuildHistory } from "./GuildHistory.ts"
import { Guilds } from "./Guilds.ts"
import { Invites } from "./Invites.ts"
import { Members } from "./Members.ts"

const guildsGroup = groupOf(
  Api,
  "guilds",
  Effect.fnUntraced(function* (handlers) {
    const guilds = yield* Guilds
    const members = yield* Members
    const invites = yield* Invites
    const history = yield* GuildHistory
    return handlers.handleAll({
      create: Effect.fnUntraced(function* ({ payload }) {
        const { user } = yield* CurrentSession
        return { guild: yield* guilds.create(payload, user.id) }
      }),
      list: Effect.fnUntraced(function* () {
        const { user } = yield* CurrentSession
        return { guilds: yield* guilds.list(user.id) }
      }),
      get: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        return { guild: yield* guilds.get(params.guild_id, user.id) }
      }),
      update: Effect.fnUntraced(function* ({ params, payload }) {
        const { user } = yield* CurrentSession
        return { guild: yield* guilds.update(params.guild_id, user.id, payload) }
      }),
      remove: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        yield* guilds.remove(params.guild_id, user.id)
      }),
      rotateInvite: Effect.fnUntraced(function* ({ params, payload }) {
        const { user } = yield* CurrentSession
        const limits = { seconds: payload?.expires_in_seconds ?? null, maxUses: payload?.max_uses ?? null }
        return { invite: yield* invites.rotate(params.guild_id, user.id, limits) }
      }),
      revokeInvite: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        yield* invites.revoke(params.guild_id, user.id)
      }),
      setRole: Effect.fnUntraced(function* ({ params, payload }) {
        const { user } = yield* CurrentSession
        return { member: yield* members.setRole(params.guild_id, user.id, params.user_id, payload.role) }
      }),
      removeMember: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        yield* members.remove(params.guild_id, user.id, params.user_id)
      }),
      history: Effect.fnUntraced(function* ({ params, query, request }) {
        const { user } = yield* CurrentSession
        return tagged(yield* history.page(params.guild_id, user.id, query, knownTags(request)))
      }),
      members: Effect.fnUntraced(function* ({ params, request }) {
        const { user } = yield* CurrentSession
        return tagged(yield* members.list(params.guild_id, user.id, knownTags(request)))
      }),
      characters: Effect.fnUntraced(function* ({ params, request }) {
        const { user } = yield* CurrentSession
        return tagged(yield* guilds.characters(params.guild_id, user.id, knownTags(request)))
      })
    })
  })
)

const invitesGroup = groupOf(
  Api,
  "invites",
  Effect.fnUntraced(function* (handlers) {
    const invites = yield* Invites
    return handlers.handleAll({
      preview: Effect.fnUntraced(function* ({ params }) {
        return { guild: yield* invites.preview(params.invite_code) }
      }),
      accept: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        return { guild: yield* invites.accept(params.invite_code, user.id) }
      })
    })
  })
)

/** Guilds, their members, invites and history. */
export const guildsLayer = Layer.merge(guildsGroup, invitesGroup).pipe(
  Layer.provide([Guilds.layer, Members.layer, Invites.layer, GuildHistory.layer])
)
