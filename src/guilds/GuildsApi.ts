import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { UserId } from "../auth/User.ts"
import { Character } from "../characters/Character.ts"
import { JsonBody } from "../http/Envelope.ts"
import { conditional } from "../http/ETag.ts"
import { SignedIn } from "../auth/SignedIn.ts"
import {
  AdminRequired,
  AlreadyMember,
  Guild,
  GuildEvent,
  GuildId,
  GuildInvalid,
  GuildNotFound,
  GuildPatch,
  GuildPreview,
  InvalidRole,
  Invite,
  InviteNotFound,
  LastAdmin,
  Member,
  MemberNotFound,
  NewGuild
} from "./Guild.ts"

const params = { guild_id: GuildId }
const memberParams = { guild_id: GuildId, user_id: UserId }
const adminOnly = [GuildNotFound.wire, AdminRequired.wire] as const

/** Only types are checked here; `Guilds` checks the rules, so that a violation is `guild.validation_failed`. */
const NewGuildBody = Schema.toEncoded(NewGuild)
const PatchGuildBody = Schema.toEncoded(GuildPatch)

const InviteOptions = Schema.Struct({
  expires_in_seconds: Schema.optionalKey(
    Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 31_536_000 })))
  ),
  max_uses: Schema.optionalKey(Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))))
})

export class GuildsApi extends HttpApiGroup.make("guilds")
  .add(
    HttpApiEndpoint.post("create", "/", {
      payload: NewGuildBody,
      success: Schema.Struct({ guild: Guild }).pipe(HttpApiSchema.status(201)),
      error: GuildInvalid.wire
    }),
    HttpApiEndpoint.get("list", "/", { success: Schema.Struct({ guilds: Schema.Array(Guild) }) }),
    HttpApiEndpoint.get("get", "/:guild_id", {
      params,
      success: Schema.Struct({ guild: Guild }),
      error: GuildNotFound.wire
    }),
    HttpApiEndpoint.patch("update", "/:guild_id", {
      params,
      payload: PatchGuildBody,
      success: Schema.Struct({ guild: Guild }),
      error: [GuildInvalid.wire, ...adminOnly]
    }),
    HttpApiEndpoint.delete("remove", "/:guild_id", { params, success: HttpApiSchema.NoContent, error: adminOnly }),
    HttpApiEndpoint.post("rotateInvite", "/:guild_id/invites", {
      params,
      // Without a body the invite has no limits.
      payload: [InviteOptions, Schema.Null],
      success: Schema.Struct({ invite: Invite }),
      error: adminOnly
    }),
    HttpApiEndpoint.delete("revokeInvite", "/:guild_id/invites", {
      params,
      success: HttpApiSchema.NoContent,
      error: adminOnly
    }),
    HttpApiEndpoint.patch("setRole", "/:guild_id/members/:user_id", {
      params: memberParams,
      payload: Schema.Struct({ role: Schema.String }),
      success: Schema.Struct({ member: Member }),
      error: [InvalidRole.wire, ...adminOnly, MemberNotFound.wire, LastAdmin.wire]
    }),
    HttpApiEndpoint.delete("removeMember", "/:guild_id/members/:user_id", {
      params: memberParams,
      success: HttpApiSchema.NoContent,
      error: [...adminOnly, MemberNotFound.wire, LastAdmin.wire]
    }),
    HttpApiEndpoint.get("history", "/:guild_id/audit", {
      params,
      query: {
        limit: Schema.optionalKey(
          Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 100 }))
        ),
        cursor: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200)))
      },
      success: Schema.Struct({ events: Schema.Array(GuildEvent), next_cursor: Schema.NullOr(Schema.String) }),
      error: adminOnly
    }),
    HttpApiEndpoint.get("members", "/:guild_id/members", {
      params,
      success: Schema.Struct({ members: Schema.Array(Member) }),
      error: GuildNotFound.wire
    }).annotateMerge(conditional),
    HttpApiEndpoint.get("characters", "/:guild_id/characters", {
      params,
      success: Schema.Struct({ characters: Schema.Array(Character) }),
      error: GuildNotFound.wire
    }).annotateMerge(conditional)
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .prefix("/guilds") {}

const invite = { invite_code: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(128)) }

/** Invites, for users who have a code. */
export class InvitesApi extends HttpApiGroup.make("invites")
  .add(
    HttpApiEndpoint.get("preview", "/:invite_code", {
      params: invite,
      success: Schema.Struct({ guild: GuildPreview }),
      error: InviteNotFound.wire
    }),
    HttpApiEndpoint.post("accept", "/:invite_code/accept", {
      params: invite,
      success: Schema.Struct({ guild: Guild }).pipe(HttpApiSchema.status(201)),
      error: [InviteNotFound.wire, AlreadyMember.wire]
    })
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .prefix("/guild-invites") {}
