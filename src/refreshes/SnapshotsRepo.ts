import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { BattlenetSnapshot, CharacterId, WarcraftlogsSnapshot } from "../characters/Character.ts"
import { battlenetJson, warcraftlogsJson } from "../characters/SnapshotSql.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { change } from "../infra/Sql.ts"
import type { BnetCharacter } from "./battlenet/BnetClient.ts"
import type { WclCharacter } from "./warcraftlogs/WclClient.ts"

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value))

/** The latest snapshot of each character and provider. Parts that could not be read keep their stored values. */
export class SnapshotsRepo extends Context.Service<
  SnapshotsRepo,
  {
    /** Undefined if the character was deleted. */
    readonly storeWarcraftlogs: (
      id: CharacterId,
      found: WclCharacter
    ) => Effect.Effect<WarcraftlogsSnapshot | undefined, DependencyUnavailable>
    readonly storeBattlenet: (
      id: CharacterId,
      found: BnetCharacter
    ) => Effect.Effect<BattlenetSnapshot | undefined, DependencyUnavailable>
  }
>()("refreshes/SnapshotsRepo") {
  static readonly layer = Layer.effect(
    SnapshotsRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const storeWarcraftlogs = Effect.fn("SnapshotsRepo.storeWarcraftlogs")(function* (
        id: CharacterId,
        { gear, rankings, ...found }: WclCharacter
      ) {
        const rows = yield* change(sql<{ snapshot: WarcraftlogsSnapshot }>`
          insert into character_warcraftlogs_snapshots as old (character_id, gear, rankings, zone_id, metric,
            best_performance_average, median_performance_average, total_kills, partial, error)
          select id, coalesce(${json(gear)}::text::jsonb, '[]'), coalesce(${json(rankings)}::text::jsonb, '[]'),
            ${found.zone_id}::int, ${found.metric}, ${found.best_performance_average}::double precision,
            ${found.median_performance_average}::double precision, ${found.total_kills}::int,
            ${found.partial}::boolean, ${found.error}
          from characters where id = ${id} and deleted_at is null
          on conflict (character_id) do update set
            gear = coalesce(${json(gear)}::text::jsonb, old.gear), partial = excluded.partial, error = excluded.error,
            fetched_at = now()${
              rankings === undefined
                ? sql``
                : sql`,
            rankings = excluded.rankings, zone_id = excluded.zone_id, metric = excluded.metric,
            best_performance_average = excluded.best_performance_average,
            median_performance_average = excluded.median_performance_average, total_kills = excluded.total_kills`
            }
          returning ${sql.literal(warcraftlogsJson("old"))} as snapshot`)
        return rows[0]?.snapshot
      })

      const storeBattlenet = Effect.fn("SnapshotsRepo.storeBattlenet")(function* (
        id: CharacterId,
        found: BnetCharacter
      ) {
        const rows = yield* change(sql<{ snapshot: BattlenetSnapshot }>`
          insert into character_battlenet_snapshots as old (character_id, battlenet_id, avatar_url, level,
            equipped_item_level, active_spec_name, faction, error)
          select id, ${found.battlenet_id}::bigint, ${found.avatar_url}, ${found.level}::int,
            ${found.equipped_item_level}::int, ${found.active_spec_name}, ${found.faction}, ${found.error}
          from characters where id = ${id} and deleted_at is null
          on conflict (character_id) do update set
            battlenet_id = excluded.battlenet_id, level = excluded.level,
            equipped_item_level = excluded.equipped_item_level,
            avatar_url = ${found.unread.includes("avatar_url") ? sql`old.avatar_url` : sql`excluded.avatar_url`},
            active_spec_name = ${found.unread.includes("active_spec_name") ? sql`old.active_spec_name` : sql`excluded.active_spec_name`},
            faction = excluded.faction, error = excluded.error, fetched_at = now()
          returning ${sql.literal(battlenetJson("old"))} as snapshot`)
        return rows[0]?.snapshot
      })

      return SnapshotsRepo.of({ storeWarcraftlogs, storeBattlenet })
    })
  )
}
