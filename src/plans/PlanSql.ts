import { actorJson } from "../auth/ActorSql.ts"
import { jsonObject } from "../infra/SqlJson.ts"
import { ListedPlan, Plan, Revision, Seat, SharedPlan } from "./Plan.ts"

/** What the roster says of a seat `s` now; when it has left, what it last said. */
const shown = {
  name: "coalesce(c.name, s.name)",
  class: "coalesce(c.class, s.class)",
  // A specialisation goes with its class.
  spec: "case when e.class <> s.class then e.spec else s.spec end",
  role: "case when e.class <> s.class or e.spec = s.spec then e.role else s.role end",
  rank: "coalesce(e.rank, s.rank)",
  player: `json_build_object('id', coalesce(p.id, s.player_id), 'name', coalesce(p.name, s.player_name))`,
  gone: "e.id is null or p.status = 'inactive'"
}

/** What is joined to a seat `s` for it to be shown. */
const seatJoins = `
  left join roster_entries e on e.id = s.live_entry_id
  left join characters c on c.id = e.character_id
  left join roster_players p on p.id = e.player_id`

const seatJson = jsonObject(Seat.fields, "s", shown)

/** The SQL of an entry `e` of the roster as a seat in its own specialisation, with its character `c` and player `p`. */
export const entrySeatJson = jsonObject(Seat.fields, "e", {
  entry_id: "e.id",
  name: "c.name",
  player: "json_build_object('id', p.id, 'name', p.name)",
  gone: "p.status = 'inactive'"
})

/** The SQL of the raids of a plan `plan`, each seat as `seat` says. */
const raidsWith = (seat: string) => `(
  select coalesce(json_agg(json_build_object(
    'title', r.title, 'size', r.size, 'starts_at', rfc3339(r.starts_at), 'zone', r.zone,
    'groups', (select json_agg(g.seats order by g.at) from (
      select n / 5 as at, json_agg(case when s.entry_id is not null then ${seat} end order by n) as seats
      from generate_series(0, r.size - 1) n
      left join plan_seats s on s.plan_id = r.plan_id and s.raid = r.raid and s."group" = n / 5 and s.slot = n % 5
      ${seatJoins} group by n / 5) g),
    'bench', coalesce((select json_agg(${seat} order by s.slot)
      from plan_seats s ${seatJoins} where s.plan_id = r.plan_id and s.raid = r.raid and s."group" = -1), '[]')
  ) order by r.raid), '[]') from plan_raids r where r.plan_id = plan.id)`

const ends = { created_by: actorJson("plan.created_by"), updated_by: actorJson("plan.updated_by") }

/** The SQL of a plan, from a row `plan` of the plans. */
export const planJson = jsonObject(Plan.fields, "plan", { raids: raidsWith(seatJson), ...ends })

export const listedPlanJson = jsonObject(ListedPlan.fields, "plan", {
  raids: `(select coalesce(json_agg(json_build_object('title', r.title, 'size', r.size,
    'starts_at', rfc3339(r.starts_at), 'zone', r.zone, 'seated', (select count(*) from plan_seats s
      where s.plan_id = r.plan_id and s.raid = r.raid and s."group" >= 0)) order by r.raid), '[]')
    from plan_raids r where r.plan_id = plan.id)`,
  ...ends
})

const { name, class: className, spec } = shown

/** The same as a link shows it: nothing but what is said here. */
export const sharedPlanJson = jsonObject(SharedPlan.fields, "plan", {
  raids: raidsWith(`json_build_object('name', ${name}, 'class', ${className}, 'spec', ${spec})`)
})

/** The SQL of a `SeatedPlan`, from a row `plan` of the plans, and of whose each seat is. */
const seatedWith = (player: string) => `json_build_object(
  'ruleset', plan.ruleset,
  'faction', (select g.faction from guilds g where g.id = plan.guild_id),
  'overrides', coalesce((select o."values" from guild_ruleset_overrides o
    where o.guild_id = plan.guild_id and o.ruleset = plan.ruleset), '{}'),
  'raids', ${raidsWith(
    `json_build_object('class', ${className}, 'spec', ${spec}, 'role', ${shown.role}, 'race', c.race, 'player', ${player})`
  )})`

export const seatedJson = seatedWith("coalesce(p.id, s.player_id)")

/** The same for whoever has a link, who may not know the players. */
export const seatedUnnamedJson = seatedWith("null")

/** The SQL of a revision, from a row `h` of the revisions. */
export const revisionJson = jsonObject(Revision.fields, "h", {
  at: "rfc3339(h.created_at)",
  by: actorJson("h.actor_id")
})
