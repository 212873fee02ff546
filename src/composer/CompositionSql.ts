import { jsonObject } from "../infra/SqlJson.ts"
import { Seat } from "../plans/Plan.ts"
import { Composition, CompositionSummary } from "./Composition.ts"

/** Whether the server of a composition `f` died: it has not said for so long that it lives. */
export const isLost = "f.finished_at is null and f.beat_at < now() - interval '15 seconds'"

/** A seat `s` of the best plan, as the roster shows it now; names of who has left are the character's. */
const seatJson = jsonObject(Seat.fields, "s", {
  name: "coalesce(c.name, s.name)",
  rank: "coalesce(e.rank, s.rank)",
  player: "json_build_object('id', coalesce(p.id, s.player_id), 'name', coalesce(p.name, s.name))",
  gone: "e.id is null or p.status = 'inactive'"
})

const seatJoins = `
  left join roster_entries e on e.id = s.entry_id and e.guild_id = f.guild_id
  left join characters c on c.id = e.character_id
  left join roster_players p on p.id = coalesce(e.player_id, s.player_id) and p.guild_id = f.guild_id`

const seatColumns = `raid int, "group" int, slot int, entry_id uuid, player_id uuid, name text, class text, spec text,
  role text, rank text`

const raids = `case when f.seats is not null then (
  with seated as materialized (
    select s.raid, s."group", s.slot, ${seatJson} as seat from jsonb_to_recordset(f.seats) s(${seatColumns}) ${seatJoins}
  )
  select json_agg(json_build_object(
    'title', r.raid ->> 'title', 'size', (r.raid ->> 'size')::int, 'starts_at', r.raid ->> 'starts_at',
    'zone', r.raid ->> 'zone',
    'groups', (select json_agg(g.seats order by g.at) from (
      select n / 5 as at, json_agg(s.seat order by n) as seats
      from generate_series(0, (r.raid ->> 'size')::int - 1) n
      left join seated s on s.raid = r.at - 1 and s."group" = n / 5 and s.slot = n % 5 group by n / 5) g),
    'bench', coalesce((select json_agg(s.seat order by s.slot) from seated s
      where s.raid = r.at - 1 and s."group" = -1), '[]')
  ) order by r.at) from jsonb_array_elements(f.problem -> 'raids') with ordinality r(raid, at)) end`

const expressions = {
  state: `case when ${isLost} then 'lost' else f.state end`,
  finished_at: `rfc3339(case when ${isLost} then f.beat_at + interval '15 seconds' else f.finished_at end)`,
  gap: "f.bound - f.value",
  gap_percent: "case when f.value > 0 then round((f.bound - f.value) * 100.0 / f.value, 2) end",
  raids
}

/** The SQL of a composition, from its row `f`. */
export const compositionJson = jsonObject(Composition.fields, "f", expressions)
/** The same without its plan. */
export const summaryJson = jsonObject(CompositionSummary.fields, "f", expressions)
/** The id of its last event: that it is lost is one. */
export const sequenceOf = `f.sequence + case when ${isLost} then 1 else 0 end`
