import { Context, Effect, Layer, Schema, SchemaIssue } from "effect"
import type { UserId } from "../auth/User.ts"
import type { Character } from "../characters/Character.ts"
import { Characters } from "../characters/Characters.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { Tagged } from "../http/ETag.ts"
import { AppConfig } from "../infra/AppConfig.ts"
import {
  AdminRequired,
  detailRules,
  type Guild,
  type GuildId,
  GuildInvalid,
  GuildNotFound,
  GuildPatch,
  NewGuild
} from "./Guild.ts"
import { GuildsRepo, type GuildView } from "./GuildsRepo.ts"
import type { Asked } from "./GuildsSql.ts"

const decode = Schema.decodeUnknownEffect(NewGuild, { errors: "all" })
const decodePatch = Schema.decodeUnknownEffect(GuildPatch, { errors: "all" })
const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** Lists each invalid field with its rule. */
const invalid = (error: Schema.SchemaError) => {
  const names = new Set(formatIssues(error.issue).issues.map((issue) => issue.path?.[0] as keyof typeof detailRules))
  return new GuildInvalid({ details: { fields: [...names].map((field) => ({ field, reason: detailRules[field] })) } })
}

export const orGuildNotFound = <A>(found: A | undefined) =>
  found === undefined ? new GuildNotFound() : Effect.succeed(found)

/** Lets admins pass. Other members are refused; for non-members the guild does not exist. */
export const asAdmin = <A extends Asked>(found: A | undefined) =>
  Effect.flatMap(orGuildNotFound(found), (asked) =>
    asked.caller_role === "admin" ? Effect.succeed(asked) : new AdminRequired()
  )

/** Guilds. For users who are not members, a guild does not exist. */
export class Guilds extends Context.Service<
  Guilds,
  {
    /** The caller becomes its admin. */
    readonly create: (
      details: typeof NewGuild.Encoded,
      user: UserId
    ) => Effect.Effect<Guild, GuildInvalid | DependencyUnavailable>
    readonly list: (user: UserId) => Effect.Effect<ReadonlyArray<Guild>, DependencyUnavailable>
    readonly get: (id: GuildId, user: UserId) => Effect.Effect<Guild, GuildNotFound | DependencyUnavailable>
    /** Changes any subset of the details. Parallel changes of different fields all survive. */
    readonly update: (
      id: GuildId,
      user: UserId,
      changes: typeof GuildPatch.Encoded
    ) => Effect.Effect<Guild, GuildInvalid | GuildNotFound | AdminRequired | DependencyUnavailable>
    readonly remove: (
      id: GuildId,
      user: UserId
    ) => Effect.Effect<void, GuildNotFound | AdminRequired | DependencyUnavailable>
    /** Adds the invite URL if the view includes a code. */
    readonly toGuild: (guild: GuildView) => Guild
    /** The characters on its roster, without those of inactive players. */
    readonly characters: (
      id: GuildId,
      user: UserId,
      known: string
    ) => Effect.Effect<Tagged<{ readonly characters: ReadonlyArray<Character> }>, GuildNotFound | DependencyUnavailable>
  }
>()("guilds/Guilds") {
  static readonly layer = Layer.effect(
    Guilds,
    Effect.gen(function* () {
      const { frontendOrigin } = yield* AppConfig
      const repo = yield* GuildsRepo
      const characters = yield* Characters

      const toGuild = ({ invite_code, ...guild }: GuildView): Guild =>
        invite_code === null ? guild : { ...guild, invite_url: `${frontendOrigin}/guild-invites/${invite_code}` }

      return Guilds.of({
        create: Effect.fnUntraced(function* (details, user) {
          const guild = yield* decode(details).pipe(Effect.mapError(invalid))
          return toGuild(yield* repo.create(guild, user))
        }),
        list: (user) => Effect.map(repo.list(user), (guilds) => guilds.map(toGuild)),
        get: (id, user) => Effect.map(Effect.flatMap(repo.find(id, user), orGuildNotFound), toGuild),
        update: Effect.fnUntraced(function* (id, user, changes) {
          const change = yield* decodePatch(changes).pipe(Effect.mapError(invalid))
          const { guild } = yield* Effect.flatMap(repo.update(id, user, change), asAdmin)
          return toGuild(yield* orGuildNotFound(guild ?? undefined))
        }),
        remove: (id, user) => Effect.asVoid(Effect.flatMap(repo.remove(id, user), asAdmin)),
        toGuild,
        characters: (id, user, known) => Effect.flatMap(characters.ofGuild(id, user, known), orGuildNotFound)
      })
    })
  ).pipe(Layer.provide([GuildsRepo.layer, Characters.layer]))
}
