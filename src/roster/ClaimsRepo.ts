import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { auditEvents } from "../audit/AuditEvents.ts"
import type { UserId } from "../auth/User.ts"
import { Character, type CharacterId } from "../characters/Character.ts"
import type { RaidRole, Region } from "../game/Game.ts"
import type { GuildId } from "../guilds/Guild.ts"
import { type Asked, guildsSql } from "../guilds/GuildsSql.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { change } from "../infra/Sql.ts"
import { jsonObject } from "../infra/SqlJson.ts"
import { isRace } from "./EditsRepo.ts"
import { CharacterExists, type EntryId, limits, type PlayerId, type Rank } from "./Roster.ts"

export interface OwnFacts {
  readonly name: string
  readonly region: Region
  readonly server: string
  readonly realm_slug: string
  readonly class: string
  readonly race: string | null
  readonly spec: string
  readonly role: RaidRole
  readonly rank: Rank
}

/** A character that its owner is about to change. */
export interface Owned extends Omit<OwnFacts, "realm_slug"> {
  readonly realm_slug: string
  /** Whether another player's roster entry counts on its name, realm, class and race. */
  readonly shared: boolean
}

export class ClaimsRepo extends Context.Service<
  ClaimsRepo,
  {
    /** Makes a character, or claims one that nobody owns. No character if somebody else has it, or the owner too many. */
    readonly create: (
      user: UserId,
      facts: OwnFacts
    ) => Effect.Effect<{ readonly owned: number; readonly character: Character | null }, DependencyUnavailable>
    /** Writes what `plan` makes of a character. Undefined if the user does not own it. */
    readonly update: <E>(
      user: UserId,
      id: CharacterId,
      plan: (stored: Owned) => Effect.Effect<OwnFacts, E>
    ) => Effect.Effect<Character | undefined, E | CharacterExists | DependencyUnavailable>
    /** False if the user does not own it. It stays, without an owner, where another player's entry counts on it. */
    readonly remove: (user: UserId, id: CharacterId) => Effect.Effect<boolean, DependencyUnavailable>
    /** Takes a character on a guild's roster from its owner. */
    readonly release: (
      guild: GuildId,
      caller: UserId,
      player: PlayerId,
      entry: EntryId
    ) => Effect.Effect<(Asked & { readonly found: boolean }) | undefined, DependencyUnavailable>
  }
>()("roster/ClaimsRepo") {
  static readonly layer = Layer.effect(
    ClaimsRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { changeGuild } = guildsSql(sql)
      const character = sql.literal(jsonObject(Character.fields, "c"))

      /** The guilds whose rosters it may change come first, in order; then the user, whose characters are counted. */
      const inTurn = (user: UserId) => sql`
        with turn as materialized (
          select g.id from guilds g
          where g.id in (select guild_id from live_members where user_id = ${user}
            union select guild_id from roster_players where user_id = ${user})
          order by g.id for update
        )
        select set_config('roster.actor', ${user}, true) from users
        where id = ${user} and (select count(*) from turn) >= 0 for no key update`

      /** Whether a roster has the character `c` under a player who is not the user. */
      const shared = (user: UserId) => sql`exists (
        select from roster_entries e join roster_players p on p.id = e.player_id
        where e.character_id = c.id and p.user_id is distinct from ${user})`

      const create = Effect.fn("ClaimsRepo.create")(function* (user: UserId, facts: OwnFacts) {
        const claimed = yield* auditEvents(sql, {
          type: "character_claimed",
          user: sql`${user}::uuid`,
          detail: sql`jsonb_build_object('character_id', id)`,
          from: sql`claimed`
        })
        const statement = sql<{ owned: number; character: Character | null }>`
          with known as (
            select c.id, c.user_id is null and not exists (
              select from roster_entries e join roster_players p on p.id = e.player_id
              where e.character_id = c.id and p.discord_user_id is not null and p.discord_user_id
                is distinct from (select discord_user_id from discord_identities where user_id = ${user})
            ) as free
            from characters c
            where c.name_key = name_key(${facts.name}) and c.region = ${facts.region} and c.deleted_at is null
              and not c.twin and c.realm_slug in (${facts.realm_slug}, realm_key(${facts.server}))
          ), mine as (
            select count(*)::int as owned from characters where user_id = ${user} and deleted_at is null
          ), claimed as (
            update characters c set user_id = ${user}, updated_at = now(), race = coalesce(c.race, ${facts.race}),
              rank = ${facts.rank}, spec = case when c.class = ${facts.class} then ${facts.spec} else c.spec end,
              role = case when c.class = ${facts.class} then ${facts.role} else c.role end
            from known, mine
            where c.id = known.id and known.free and c.user_id is null and owned < ${limits.owned}
            returning c.*
          ), made as (
            insert into characters (user_id, name, region, server, realm_slug, class, race, spec, role, rank)
            select ${user}, ${facts.name}, ${facts.region}, ${facts.server}, ${facts.realm_slug}, ${facts.class},
              ${facts.race}::text, ${facts.spec}, ${facts.role}, ${facts.rank}
            from mine where owned < ${limits.owned} and not exists (select from known)
            on conflict do nothing
            returning *
          ), noted as (${claimed})
          select owned, (select ${character} from (select * from claimed union all select * from made) c) as character
          from mine`
        const [row] = yield* change(sql.withTransaction(Effect.andThen(inTurn(user), statement)))
        return row!
      })

      const update = Effect.fn("ClaimsRepo.update")(function* <E>(
        user: UserId,
        id: CharacterId,
        plan: (stored: Owned) => Effect.Effect<OwnFacts, E>
      ) {
        return yield* change(
          sql.withTransaction(
            Effect.gen(function* () {
              yield* inTurn(user)
              const [stored] = yield* sql<Owned>`
                select c.name, c.region, c.server, c.realm_slug, c.class, c.race, c.spec, c.role, c.rank,
                  ${shared(user)} as shared
                from characters c where c.id = ${id} and c.user_id = ${user} and c.deleted_at is null for update`
              if (stored === undefined) return undefined
              const facts = yield* plan(stored)
              const [row] = yield* sql<{ character: Character }>`
                with changed as (
                  update characters set ${sql.update({ ...facts })}, updated_at = now() where id = ${id} returning *
                ) select ${character} as character from changed c`.pipe(
                Effect.catchIf(isRace, () => new CharacterExists())
              )
              return row?.character
            })
          )
        )
      })

      const remove = Effect.fn("ClaimsRepo.remove")(function* (user: UserId, id: CharacterId) {
        const statement = sql<{ id: string }>`
          with mine as (
            select c.id, ${shared(user)} as shared from characters c
            where c.id = ${id} and c.user_id = ${user} and c.deleted_at is null
          ), off as (
            delete from roster_entries e using mine, roster_players p
            where e.character_id = mine.id and p.id = e.player_id and p.user_id = ${user}
          )
          update characters c set updated_at = now(),
            user_id = case when shared then null else c.user_id end,
            deleted_at = case when shared then null else now() end
          from mine where c.id = mine.id returning c.id`
        const rows = yield* change(sql.withTransaction(Effect.andThen(inTurn(user), statement)))
        return rows.length > 0
      })

      const release = Effect.fn("ClaimsRepo.release")(function* (
        guild: GuildId,
        caller: UserId,
        player: PlayerId,
        entry: EntryId
      ) {
        const released = yield* auditEvents(sql, {
          type: "character_released",
          user: sql`${caller}::uuid`,
          guild: sql`${guild}::uuid`,
          target: sql`owner`,
          detail: sql`jsonb_build_object('character_id', id)`,
          from: sql`released`
        })
        const rows = yield* changeGuild<Asked & { readonly found: boolean }>(
          guild,
          caller,
          sql`target as (
            select c.id, c.user_id as owner from roster_entries e join characters c on c.id = e.character_id
            where e.id = ${entry} and e.player_id = ${player} and e.guild_id = ${guild}
          ), released as (
            update characters c set user_id = null, updated_at = now() from target, caller
            where c.id = target.id and c.user_id = target.owner and caller.role in ('officer', 'admin')
            returning c.id, target.owner
          ), noted as (${released})
          select caller.role as caller_role, exists (select from target) as found from caller`
        )
        return rows[0]
      })

      return ClaimsRepo.of({ create, update, remove, release })
    })
  )
}
