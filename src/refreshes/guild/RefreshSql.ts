import { jsonArray, jsonObject } from "../../infra/SqlJson.ts"
import { GuildRefresh, RefreshPart, RefreshSummary } from "./GuildRefresh.ts"

const counts = (provider: string) => `(select row_to_json(x) from (
    select count(t.*)::int as total, count(*) filter (where t.outcome = 'done')::int as done,
      count(*) filter (where t.outcome = 'fresh')::int as fresh,
      count(*) filter (where t.outcome = 'failed')::int as failed,
      count(t.*) filter (where t.outcome is null and f.finished_at is null)::int as waiting, p.requests, p.points_left,
      case when f.finished_at is null then rfc3339(p.waiting_until) end as waiting_until,
      case when f.finished_at is null then p.waiting_for end as waiting_for
    from guild_refresh_providers p left join guild_refresh_parts t using (refresh_id, provider)
    where p.refresh_id = f.id and p.provider = '${provider}' group by p.refresh_id, p.provider) x)`

/** The earliest time at which a refresh goes on; null while it can ask a provider. */
const waitingUntil = `(select case when bool_and(p.waiting_until is not null) then min(p.waiting_until) end
  from guild_refresh_providers p where p.refresh_id = f.id and exists (select from guild_refresh_parts t
    where t.refresh_id = p.refresh_id and t.provider = p.provider and t.outcome is null))`

/** The SQL of a list of parts, from rows `t`. */
export const partsJson = jsonArray(jsonObject(RefreshPart.fields, "t"), "t.provider desc, t.entry_id")

const expressions = {
  state: "coalesce(f.outcome, case when w.waiting_until is null then 'running' else 'waiting' end)",
  waiting_until: "rfc3339(w.waiting_until)",
  providers: `json_build_object('warcraftlogs', ${counts("warcraftlogs")}, 'battlenet', ${counts("battlenet")})`,
  parts: `(select ${partsJson} from guild_refresh_parts t where t.refresh_id = f.id)`
}

/** What the JSON of a refresh `f` is made from. */
export const waits = `cross join lateral (
  select case when f.finished_at is null then ${waitingUntil} end as waiting_until) w`

/** The SQL of a refresh, from its row `f` joined to `waits`. */
export const refreshJson = jsonObject(GuildRefresh.fields, "f", expressions)
/** The same without its parts. */
export const summaryJson = jsonObject(RefreshSummary.fields, "f", expressions)
