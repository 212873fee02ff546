import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { Crypto } from "../infra/Crypto.ts"
import {
  type AdminRequired,
  AlreadyMember,
  type Guild,
  type GuildId,
  type GuildNotFound,
  type GuildPreview,
  type Invite,
  InviteNotFound
} from "./Guild.ts"
import { asAdmin, Guilds } from "./Guilds.ts"
import { type InviteLimits, InvitesRepo } from "./InvitesRepo.ts"

const orNotFound = <A>(found: A | undefined) => (found === undefined ? new InviteNotFound() : Effect.succeed(found))

/** Invites. A guild has at most one live code. */
export class Invites extends Context.Service<
  Invites,
  {
    /** Makes a new code and ends the previous one. */
    readonly rotate: (
      guild: GuildId,
      caller: UserId,
      limits: InviteLimits
    ) => Effect.Effect<Invite, GuildNotFound | AdminRequired | DependencyUnavailable>
    readonly revoke: (
      guild: GuildId,
      caller: UserId
    ) => Effect.Effect<void, GuildNotFound | AdminRequired | DependencyUnavailable>
    readonly preview: (code: string) => Effect.Effect<GuildPreview, InviteNotFound | DependencyUnavailable>
    /** The caller becomes an applicant. */
    readonly accept: (
      code: string,
      caller: UserId
    ) => Effect.Effect<Guild, InviteNotFound | AlreadyMember | DependencyUnavailable>
  }
>()("guilds/Invites") {
  static readonly layer = Layer.effect(
    Invites,
    Effect.gen(function* () {
      const repo = yield* InvitesRepo
      const guilds = yield* Guilds
      const crypto = yield* Crypto

      return Invites.of({
        rotate: Effect.fnUntraced(function* (guild, caller, limits) {
          const code = yield* crypto.token
          const made = yield* Effect.flatMap(repo.rotate(guild, caller, code, limits), asAdmin)
          const { expires_at, max_uses, uses } = made
          return { guild_id: guild, code, expires_at: expires_at?.toISOString() ?? null, max_uses, uses }
        }),
        revoke: (guild, caller) => Effect.asVoid(Effect.flatMap(repo.revoke(guild, caller), asAdmin)),
        preview: (code) => Effect.flatMap(repo.preview(code), orNotFound),
        accept: Effect.fnUntraced(function* (code, caller) {
          const { joined, guild } = yield* Effect.flatMap(repo.accept(code, caller), orNotFound)
          return joined ? guilds.toGuild(guild) : yield* new AlreadyMember()
        })
      })
    })
  ).pipe(Layer.provide([InvitesRepo.layer, Guilds.layer]))
}
