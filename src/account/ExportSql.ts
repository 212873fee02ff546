import { battlenetJson, warcraftlogsJson } from "../characters/SnapshotSql.ts"
import { jsonArray, jsonObject } from "../infra/SqlJson.ts"
import { sections } from "./AccountExport.ts"

type Section = keyof typeof sections

interface Source {
  readonly from: string
  readonly order?: string
  readonly expressions?: Readonly<Record<string, string>>
}

const places = "select * from places_of(me.id) p where p.ip is not null"

/** An address and browser of a row `s` that are the person's. */
const isTheirPlace = `exists (${places} and p.ip = s.ip_address and p.agent is not distinct from s.user_agent)`

const mine = (id: string) => `case when ${id} = me.id then ${id} end`
const done = (column: string) => `case when s.user_id = me.id or s.user_id is null then s.${column} end`

/** The players `p` who are the person. */
const players = "roster_players p where p.user_id = me.id or p.discord_user_id = me.discord_user_id"

/** A change's fields that name the person. */
const mentions = `unnest(array['from', 'to']) side
  cross join (values ('user_id', me.id::text), ('discord_user_id', me.discord_user_id)) v(field, id)`

const sources: Readonly<Record<Exclude<Section, "identity" | "profile" | "access">, Source>> = {
  sessions: { from: "user_sessions s where s.user_id = me.id" },
  sign_ins: {
    from: `oauth_states s where s.session_id in (select id from user_sessions where user_id = me.id)
      or s.session_id is null and ${isTheirPlace}`
  },
  memberships: { from: "guild_memberships s where s.user_id = me.id" },
  invites: { from: "guild_invites s where s.created_by_user_id = me.id" },
  players: { from: "roster_players s where s.user_id = me.id or s.discord_user_id = me.discord_user_id" },
  entries: { from: `roster_entries s where s.player_id in (select p.id from ${players})` },
  roster_changes: {
    from: `roster_changes s where s.id in (
      select id from roster_changes where actor_id = me.id
      union select id from roster_changes where player_id in (select p.id from ${players})
      union select h.id from ${mentions} join roster_changes h
        on h.fields @> jsonb_build_array(jsonb_build_object('field', v.field, side, v.id)))`,
    order: "s.id",
    expressions: { id: "s.id::text", actor_id: mine("s.actor_id") }
  },
  characters: {
    from: `characters s
      left join character_warcraftlogs_snapshots w on w.character_id = s.id
      left join character_battlenet_snapshots b on b.character_id = s.id where s.user_id = me.id`,
    expressions: {
      warcraftlogs: `case when w.character_id is not null then ${warcraftlogsJson("w")} end`,
      battlenet: `case when b.character_id is not null then ${battlenetJson("b")} end`
    }
  },
  plans: {
    from: "plans s where s.created_by = me.id or s.updated_by = me.id",
    expressions: { created_by: mine("s.created_by"), updated_by: mine("s.updated_by") }
  },
  plan_revisions: { from: "plan_revisions s where s.actor_id = me.id" },
  plan_seats: {
    from: `plan_seats s where s.player_id in (select p.id from ${players})
      and s.plan_id in (select id from plans where guild_id in (select p.guild_id from ${players}))`,
    order: "s.plan_id, s.entry_id"
  },
  plan_links: { from: "plan_shares s where s.created_by = me.id" },
  ruleset_values: {
    from: "guild_ruleset_overrides s where s.updated_by = me.id",
    order: "s.updated_at",
    expressions: { values: 's."values"' }
  },
  keys: { from: "guild_keys s where s.created_by = me.id" },
  refreshes: { from: "guild_refreshes s where s.requested_by = me.id" },
  compositions: { from: "plan_compositions s where s.requested_by = me.id" },
  events: {
    from: `security_audit_events s where s.id in (
      select id from security_audit_events where user_id = me.id
      union select id from security_audit_events where target_user_id = me.id
      union select e.id from (${places}) p join security_audit_events e
        on e.user_id is null and e.ip_address = p.ip and e.user_agent is not distinct from p.agent)`,
    order: "s.created_at desc, s.id",
    expressions: {
      user_id: mine("s.user_id"),
      target_user_id: mine("s.target_user_id"),
      session_id: done("session_id"),
      ip_address: done("ip_address"),
      user_agent: done("user_agent")
    }
  }
}

const lists = Object.entries(sources).map(([name, { from, order = "s.created_at", expressions = {} }]) => {
  const row = jsonObject(sections[name as Section].fields, "s", expressions)
  return `'${name}', (select ${jsonArray(row, order)} from ${from})`
})

const row = (name: Section, from: string) => `(select ${jsonObject(sections[name].fields, "s")} from ${from})`
const identity = "(select id from discord_identities where user_id = me.id)"

/** The SQL of a person's export, from a row `me` with the ids of the user and at Discord. */
export const exportSql = `json_build_object(
  'exported_at', rfc3339(now()),
  'user', (select json_build_object('id', u.id, 'created_at', rfc3339(u.created_at), 'updated_at', rfc3339(u.updated_at))
    from users u where u.id = me.id),
  'identity', ${row("identity", "discord_identities s where s.user_id = me.id")},
  'profile', ${row("profile", `discord_profiles s where s.discord_identity_id = ${identity}`)},
  'access', ${row("access", `discord_oauth_tokens s where s.discord_identity_id = ${identity}`)},
  ${lists.join(",\n  ")})`
