import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { SqlFault } from "../infra/SqlDirectory.ts"
import { quoted, type Tables } from "./Catalog.ts"

/** The schema that keeps the old tables until someone drops them. */
export const aside = "adopted"

const words = (text: string) => text.trim().split(/\s+/)

/** The tables that every existing installation has, parents first, with their required columns. */
export const promised: ReadonlyMap<string, ReadonlyArray<string>> = new Map([
  ["users", words("id created_at updated_at deleted_at")],
  [
    "discord_identities",
    words(`id user_id discord_user_id last_login_at last_profile_refresh_at relogin_required_at relogin_reason`)
  ],
  [
    "discord_profiles",
    words(`discord_identity_id username discriminator global_name avatar bot system mfa_enabled banner accent_color
      locale verified flags premium_type public_flags avatar_decoration_data collectibles primary_guild`)
  ],
  [
    "discord_oauth_tokens",
    words(`discord_identity_id access_token_ciphertext refresh_token_ciphertext token_type scope expires_at`)
  ],
  [
    "user_sessions",
    words(`id user_id token_hash csrf_token_hash created_at updated_at last_seen_at expires_at revoked_at
      login_ip_address login_location_country login_location_region login_location_city
      current_ip_address current_location_country current_location_region current_location_city user_agent`)
  ],
  ["oauth_states", words("state_hash provider created_at expires_at consumed_at ip_address user_agent")],
  ["guilds", words("id name realm region faction game_version deleted_at")],
  ["guild_memberships", words("guild_id user_id role deleted_at")],
  ["guild_invites", words("guild_id code created_by_user_id revoked_at")],
  ["characters", words("id user_id name region server class race spec role rank created_at updated_at deleted_at")],
  ["security_audit_events", words("user_id session_id event_type created_at ip_address user_agent metadata")]
])

/** Our snapshot tables, each with the columns that identify an old one under another name. */
export const snapshots: ReadonlyMap<string, ReadonlyArray<string>> = new Map([
  ["character_warcraftlogs_snapshots", words("character_id gear rankings fetched_at")],
  ["character_battlenet_snapshots", words("character_id equipped_item_level active_spec_name fetched_at")]
])

/** One line for each missing table or column. */
export const missingIn = (tables: Tables) =>
  [...promised].flatMap(([table, columns]) => {
    const found = tables.get(table)
    if (found === undefined) return [`${table}: the table is missing`]
    return columns.filter((column) => !found.has(column)).map((column) => `${table}: ${column} is missing`)
  })

/** The old table for each snapshot table, if exactly one has its columns. */
export const snapshotSources = (tables: Tables): ReadonlyMap<string, string> =>
  new Map(
    [...snapshots].flatMap(([ours, columns]) => {
      const alike = [...tables].filter(([, found]) => columns.every((column) => found.has(column)))
      return alike.length === 1 ? [[ours, alike[0]![0]] as const] : []
    })
  )

/** Types and functions of the old tables, whose names could collide with ours now or in a later migration. */
const companions = Effect.fnUntraced(function* (schema: string) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<{ command: string }>`
    with here as (select c.oid from pg_class c where c.relnamespace = ${aside}::text::regnamespace),
    types as (
      select distinct t.oid from pg_attribute a
      join pg_type used on used.oid = a.atttypid
      join pg_type t on t.oid = coalesce(nullif(used.typelem, 0), used.oid)
      where a.attrelid in (select oid from here) and t.typtype in ('e', 'd', 'c')
    ), functions as (
      select distinct tgfoid as oid from pg_trigger where tgrelid in (select oid from here) and not tgisinternal
    )
    select format('alter type %s set schema %I', t.oid::regtype, ${aside}::text) as command
    from types join pg_type t using (oid)
    where t.typnamespace = ${schema}::text::regnamespace and t.typrelid = 0
      and not exists (select from pg_depend where objid = t.oid and deptype = 'e')
    union all
    select format('alter function %s set schema %I', p.oid::regprocedure, ${aside}::text)
    from functions join pg_proc p using (oid)
    where p.pronamespace = ${schema}::text::regnamespace
      and not exists (select from pg_depend where objid = p.oid and deptype = 'e')`
})

/** Moves the tables out of the way, with their indexes, types and trigger functions. */
export const setAside = Effect.fnUntraced(function* (schema: string, tables: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  const execute = (text: string) => sql.unsafe(text).unprepared
  const names = tables.map((table) => `${quoted(schema)}.${quoted(table)}`)
  yield* execute(`lock table ${names.join(", ")} in access exclusive mode`).pipe(
    Effect.catchIf(
      (error) => error.reason._tag === "LockTimeoutError",
      () => SqlFault.because("the tables are still in use; stop the earlier service first")
    )
  )
  yield* execute(`create schema ${aside}`)
  for (const name of names) yield* execute(`alter table ${name} set schema ${aside}`)
  for (const { command } of yield* companions(schema)) yield* execute(command)
})

/** Other tables and views that still depend on a table that was set aside. */
export const dependants = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<{ name: string }>`
    with here as (select oid from pg_class where relnamespace = ${aside}::text::regnamespace),
    found as (
      select conrelid as oid from pg_constraint where contype = 'f' and confrelid in (select oid from here)
      union
      select r.ev_class from pg_depend d join pg_rewrite r on r.oid = d.objid
      where d.classid = 'pg_rewrite'::regclass and d.refobjid in (select oid from here)
    )
    select oid::regclass::text as name from found where oid not in (select oid from here) order by 1`
})
