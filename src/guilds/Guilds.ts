import { Context, Effect, Layer, Schema, SchemaIssue } from "effect"
import type { UserId } from "../auth/User.ts"
import type { Character } from "../characters/Character.ts"
import { Characters } from "../characters/Characters.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { AppConfig } from "../infra/AppConfig.ts"
import { type Guild, type GuildId, GuildInvalid, GuildNotFound, type Member, NewGuild } from "./Guild.ts"
import type { GuildDetails } from "./GuildsApi.ts"
import { GuildsRepo, type GuildView } from "./GuildsRepo.ts"

const decode = Schema.decodeUnknownEffect(NewGuild, { errors: "all" })
const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

const allowed: Record<string, string> = {
  name: "must have 1 to 64 visible characters and no control characters",
  realm: "must have 1 to 64 visible characters and no control characters",
  region: "must be one of us, eu, kr, tw, cn",
  faction: "must be alliance or horde",
  game_version: "must be one of classic1x, classic, classicann"
}

/** Says of each field what it must be. */
const invalid = (error: Schema.SchemaError) => {
  const names = new Set(formatIssues(error.issue).issues.map((issue) => String(issue.path?.[0])))
  return new GuildInvalid({ details: { fields: [...names].map((field) => ({ field, reason: allowed[field] })) } })
}

const orNotFound = <A>(found: A | undefined) =>
  found === undefined ? Effect.fail(new GuildNotFound()) : Effect.succeed(found)

/** Guilds and who is in them. To whoever is no member, a guild is not there. */
export class Guilds extends Context.Service<
  Guilds,
  {
    /** The caller becomes its admin. */
    readonly create: (
      details: typeof GuildDetails.Type,
      user: UserId
    ) => Effect.Effect<Guild, GuildInvalid | DependencyUnavailable>
    readonly list: (user: UserId) => Effect.Effect<ReadonlyArray<Guild>, DependencyUnavailable>
    readonly get: (id: GuildId, user: UserId) => Effect.Effect<Guild, GuildNotFound | DependencyUnavailable>
    readonly members: (
      id: GuildId,
      user: UserId
    ) => Effect.Effect<ReadonlyArray<Member>, GuildNotFound | DependencyUnavailable>
    readonly characters: (
      id: GuildId,
      user: UserId
    ) => Effect.Effect<ReadonlyArray<Character>, GuildNotFound | DependencyUnavailable>
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
        create: Effect.fn("Guilds.create")(function* (details, user) {
          const guild = yield* decode(details).pipe(Effect.mapError(invalid))
          return toGuild(yield* repo.create(guild, user))
        }),
        list: (user) => Effect.map(repo.list(user), (guilds) => guilds.map(toGuild)),
        get: (id, user) => Effect.map(Effect.flatMap(repo.find(id, user), orNotFound), toGuild),
        members: (id, user) =>
          Effect.flatMap(repo.members(id, user), (members) => orNotFound(members.length > 0 ? members : undefined)),
        characters: (id, user) => Effect.flatMap(characters.ofGuild(id, user), orNotFound)
      })
    })
  )
}
