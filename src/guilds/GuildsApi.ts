import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { UserId } from "../auth/User.ts"
import { Character } from "../characters/Character.ts"
import { documented, field } from "../http/Documented.ts"
import { JsonBody } from "../http/Envelope.ts"
import { conditional } from "../http/ETag.ts"
import { pageLimit } from "../http/Paging.ts"
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
  GuildRole,
  InvalidRole,
  Invite,
  InviteNotFound,
  LastAdmin,
  Member,
  MemberNotFound,
  NewGuild
} from "./Guild.ts"

const params = { guild_id: field(GuildId, "The guild.") }
const memberParams = { ...params, user_id: field(UserId, "The member.") }
const adminOnly = [GuildNotFound.wire, AdminRequired.wire] as const

/** Only types are checked here; `Guilds` checks the rules, so that a violation is `guild.validation_failed`. */
const NewGuildBody = Schema.toEncoded(NewGuild)
const PatchGuildBody = Schema.toEncoded(GuildPatch)

const InviteOptions = Schema.Struct({
  expires_in_seconds: Schema.optionalKey(
    field(
      Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 31_536_000 }))),
      "Seconds until it ends, at most a year; without it, or with null, it does not end.",
      604_800
    )
  ),
  max_uses: Schema.optionalKey(
    field(
      Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))),
      "How many may accept it; without it, or with null, any number may.",
      25
    )
  )
})

export class GuildsApi extends HttpApiGroup.make("guilds")
  .add(
    HttpApiEndpoint.post("create", "/", {
      payload: NewGuildBody,
      success: Schema.Struct({ guild: Guild }).pipe(HttpApiSchema.status(201)),
      error: GuildInvalid.wire
    }).annotateMerge(documented("Create a guild", "The caller becomes its first admin.")),
    HttpApiEndpoint.get("list", "/", { success: Schema.Struct({ guilds: Schema.Array(Guild) }) }).annotateMerge(
      documented("List my guilds", "Every guild that the caller is a member of, newest first.")
    ),
    HttpApiEndpoint.get("get", "/:guild_id", {
      params,
      success: Schema.Struct({ guild: Guild }),
      error: GuildNotFound.wire
    }).annotateMerge(documented("Read a guild", "For its members. The invite is shown to admins and officers only.")),
    HttpApiEndpoint.patch("update", "/:guild_id", {
      params,
      payload: PatchGuildBody,
      success: Schema.Struct({ guild: Guild }),
      error: [GuildInvalid.wire, ...adminOnly]
    }).annotateMerge(
      documented(
        "Change a guild",
        "For its admins. Any subset of the details; changes of different fields at the same time all survive.",
        { name: "Night Watch", faction: "horde" }
      )
    ),
    HttpApiEndpoint.delete("remove", "/:guild_id", {
      params,
      success: HttpApiSchema.NoContent,
      error: adminOnly
    }).annotateMerge(documented("Delete a guild", "For its admins. Nobody sees it any more.")),
    HttpApiEndpoint.post("rotateInvite", "/:guild_id/invites", {
      params,
      // Without a body the invite has no limits.
      payload: [InviteOptions, Schema.Null],
      success: Schema.Struct({ invite: Invite }),
      error: adminOnly
    }).annotateMerge(
      documented(
        "Make a new invite",
        "For its admins. The invite before it ends: one is live at a time. Without a body it has no limits."
      )
    ),
    HttpApiEndpoint.delete("revokeInvite", "/:guild_id/invites", {
      params,
      success: HttpApiSchema.NoContent,
      error: adminOnly
    }).annotateMerge(documented("End the invite", "For its admins. Nobody can join until there is a new one.")),
    HttpApiEndpoint.patch("setRole", "/:guild_id/members/:user_id", {
      params: memberParams,
      payload: Schema.Struct({
        role: field(Schema.String, "The new role.", "raider", { enum: GuildRole.literals })
      }),
      success: Schema.Struct({ member: Member }),
      error: [InvalidRole.wire, ...adminOnly, MemberNotFound.wire, LastAdmin.wire]
    }).annotateMerge(
      documented(
        "Set a member's role",
        "For its admins, and for any member, themselves included. One admin must remain."
      )
    ),
    HttpApiEndpoint.delete("removeMember", "/:guild_id/members/:user_id", {
      params: memberParams,
      success: HttpApiSchema.NoContent,
      error: [...adminOnly, MemberNotFound.wire, LastAdmin.wire]
    }).annotateMerge(
      documented(
        "Remove a member, or leave",
        "Admins remove any member, and every member themselves. One admin must remain."
      )
    ),
    HttpApiEndpoint.get("history", "/:guild_id/audit", {
      params,
      query: {
        limit: pageLimit,
        cursor: Schema.optionalKey(
          field(
            Schema.String.check(Schema.isMaxLength(200)),
            "`next_cursor` of the page before; the first page without it."
          )
        )
      },
      success: Schema.Struct({
        events: Schema.Array(GuildEvent),
        next_cursor: field(
          Schema.NullOr(Schema.String),
          "Where the next page begins; null on the last.",
          "MjAyNi0xMS0yNSAxOTozMDowMC4wMDB8MDE5OWMzZjMtMWI1Mi03ZjEwLTlkNmUtM2ExYjVjN2Q5ZTBm"
        )
      }),
      error: adminOnly
    })
      .annotateMerge(conditional)
      .annotateMerge(documented("Read a guild's history", "For its admins: who did what to whom, newest first.")),
    HttpApiEndpoint.get("members", "/:guild_id/members", {
      params,
      success: Schema.Struct({ members: Schema.Array(Member) }),
      error: GuildNotFound.wire
    })
      .annotateMerge(conditional)
      .annotateMerge(documented("List a guild's members", "For its members, oldest membership first.")),
    HttpApiEndpoint.get("characters", "/:guild_id/characters", {
      params,
      success: Schema.Struct({ characters: Schema.Array(Character) }),
      error: GuildNotFound.wire
    })
      .annotateMerge(conditional)
      .annotateMerge(
        documented("List a guild's characters", "For its members: the live characters of all members, by name.")
      )
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .annotateMerge(
    OpenApi.annotations({
      title: "Guilds",
      description: "Guilds, their members, their invite and their history. A guild does not exist for who is no member."
    })
  )
  .prefix("/guilds") {}

const invite = {
  invite_code: field(
    Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(128)),
    "The last part of the invite's address.",
    "Zl0Jq1x5fXc"
  )
}

export class InvitesApi extends HttpApiGroup.make("invites")
  .add(
    HttpApiEndpoint.get("preview", "/:invite_code", {
      params: invite,
      success: Schema.Struct({ guild: GuildPreview }),
      error: InviteNotFound.wire
    }).annotateMerge(documented("See what one would join", "For who is signed in and has the code.")),
    HttpApiEndpoint.post("accept", "/:invite_code/accept", {
      params: invite,
      success: Schema.Struct({ guild: Guild }).pipe(HttpApiSchema.status(201)),
      error: [InviteNotFound.wire, AlreadyMember.wire]
    }).annotateMerge(documented("Join a guild", "The caller becomes an applicant."))
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .annotateMerge(OpenApi.annotations({ title: "Invites", description: "Joining a guild, for users who have a code." }))
  .prefix("/guild-invites") {}
