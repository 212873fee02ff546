import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { BattlenetSnapshot, CharacterId, GearItem, WarcraftlogsSnapshot } from "../characters/Character.ts"
import { battlenetJson, characterEdited, warcraftlogsJson } from "../characters/SnapshotSql.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { change } from "../infra/Sql.ts"
import type { BnetCharacter } from "./battlenet/Reading.ts"
import type { WclRankings } from "./warcraftlogs/Sheet.ts"
import { sentences } from "./warcraftlogs/Sheets.ts"
import type { WclCharacter } from "./warcraftlogs/WclClient.ts"

/** Stores many in one statement, inside a `change` of the caller. Answers which of the characters still exist. */
type StoreMany<Row> = (
  rows: ReadonlyArray<Row & { readonly character: CharacterId }>
) => Effect.Effect<ReadonlyArray<CharacterId>, SqlError.SqlError>

type WclRow = Omit<WclCharacter, "gear"> & Partial<Pick<WclCharacter, "gear">>

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
    /** What sheets tell; gear stays, unless the logs are hidden or nobody's. */
    readonly storeSheets: StoreMany<{ readonly found: WclRankings }>
    /** What fights tell. Undefined if none of them has the character's: then it stays as it was, and that is told. */
    readonly storeGear: StoreMany<{ readonly gear: ReadonlyArray<GearItem> | undefined }>
    readonly storeProfiles: StoreMany<{ readonly found: BnetCharacter }>
  }
>()("refreshes/SnapshotsRepo") {
  static readonly layer = Layer.effect(
    SnapshotsRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const wclJson = sql.literal(warcraftlogsJson("old"))
      const bnetJson = sql.literal(battlenetJson("old"))
      const isMarked = sql.literal(`old.replaced_at > ${characterEdited("old")}`)

      /** Rows are locked in one order, characters first, as they may be deleted meanwhile. A part without a time was not read. */
      const intoWarcraftlogs = (rows: ReadonlyArray<WclRow & { readonly character: CharacterId }>) => sql<{
        readonly id: CharacterId
        readonly snapshot: WarcraftlogsSnapshot
      }>`
        insert into character_warcraftlogs_snapshots as old (character_id, gear, gear_fetched_at, rankings,
          rankings_fetched_at, all_stars, zone_id, metric, difficulty, size, partition, best_performance_average,
          median_performance_average, total_kills, partial, error)
        select c.id, coalesce(r.gear, '[]'), case when r.gear is not null then now() end,
          coalesce(r.rankings, '[]'), case when r.rankings is not null then now() end,
          r.all_stars, r.zone_id, r.metric, r.difficulty, r.size, r.partition, r.best_performance_average,
          r.median_performance_average, r.total_kills, r.partial, r.error
        from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) r(character uuid, gear jsonb, rankings jsonb,
          all_stars jsonb, zone_id int, metric text, difficulty int, size int, partition int,
          best_performance_average double precision, median_performance_average double precision, total_kills int,
          partial boolean, error text)
        join characters c on c.id = r.character and c.deleted_at is null
        order by c.id for key share of c
        on conflict (character_id) do update set
          partial = excluded.partial, error = excluded.error, fetched_at = now(),
          gear_fetched_at = coalesce(excluded.gear_fetched_at, old.gear_fetched_at),
          gear = case when excluded.gear_fetched_at is null then old.gear else excluded.gear end,
          rankings_fetched_at = coalesce(excluded.rankings_fetched_at, old.rankings_fetched_at),
          (rankings, all_stars, zone_id, metric, difficulty, size, partition, best_performance_average,
            median_performance_average, total_kills) = (
            select kept.rankings, kept.all_stars, kept.zone_id, kept.metric, kept.difficulty, kept.size, kept.partition,
              kept.best_performance_average, kept.median_performance_average, kept.total_kills
            from (select (case when excluded.rankings_fetched_at is null then old else excluded end).*) kept)
        returning character_id as id, ${wclJson} as snapshot`

      const storeGear: SnapshotsRepo["Service"]["storeGear"] = (rows) =>
        sql<{ readonly id: CharacterId }>`
          insert into character_warcraftlogs_snapshots as old (character_id, gear, gear_fetched_at, rankings_fetched_at,
            partial, error)
          select c.id, coalesce(r.gear, '[]'), case when r.gear is not null then now() end, null, r.gear is null,
            case when r.gear is null then ${sentences.noGear} end
          from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) r(character uuid, gear jsonb)
          join characters c on c.id = r.character and c.deleted_at is null
          order by c.id for key share of c
          on conflict (character_id) do update set
            partial = old.partial or excluded.partial,
            error = nullif(concat_ws(' ', old.error, excluded.error), ''), fetched_at = now(),
            gear_fetched_at = coalesce(excluded.gear_fetched_at, old.gear_fetched_at),
            gear = case when excluded.gear_fetched_at is null then old.gear else excluded.gear end
          returning character_id as id`.pipe(Effect.map((stored) => stored.map(({ id }) => id)))

      const intoBattlenet = (rows: ReadonlyArray<BnetCharacter & { readonly character: CharacterId }>) => sql<{
        readonly id: CharacterId
        readonly snapshot: BattlenetSnapshot
      }>`
        with told as (
          select c.id as told_id, r.* from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) r(character uuid,
            battlenet_id bigint, avatar_url text, level int, equipped_item_level int, active_spec_name text, faction text,
            class text, race text, error text, unread jsonb)
          join characters c on c.id = r.character and c.deleted_at is null
          order by c.id for key share of c
        )
        insert into character_battlenet_snapshots as old (character_id, battlenet_id, avatar_url, level,
          equipped_item_level, active_spec_name, faction, class, race, error, gone_since)
        select told_id, battlenet_id, avatar_url, level, equipped_item_level, active_spec_name, faction, class, race, error,
          case when battlenet_id is null then now() end
        from told
        on conflict (character_id) do update set
          -- Kept while it is unknown, to see whether another character comes back.
          battlenet_id = coalesce(excluded.battlenet_id, old.battlenet_id),
          -- While it is marked, the one that it was may come back.
          former_battlenet_id = case when excluded.battlenet_id <> old.battlenet_id and (${isMarked}) is not true
            then old.battlenet_id else old.former_battlenet_id end,
          replaced_at = case
            when excluded.battlenet_id = old.former_battlenet_id and ${isMarked} then null
            when excluded.battlenet_id <> old.battlenet_id then now() else old.replaced_at end,
          gone_since = case when excluded.battlenet_id is null then coalesce(old.gone_since, now()) end,
          level = excluded.level, equipped_item_level = excluded.equipped_item_level, faction = excluded.faction,
          class = excluded.class, race = excluded.race, error = excluded.error, fetched_at = now(),
          avatar_url = case when (select unread ? 'avatar_url' from told where told_id = old.character_id)
            then old.avatar_url else excluded.avatar_url end,
          active_spec_name = case when (select unread ? 'active_spec_name' from told where told_id = old.character_id)
            then old.active_spec_name else excluded.active_spec_name end
        returning character_id as id, ${bnetJson} as snapshot`

      const ids = Effect.map((stored: ReadonlyArray<{ readonly id: CharacterId }>) => stored.map(({ id }) => id))

      return SnapshotsRepo.of({
        storeWarcraftlogs: Effect.fn("SnapshotsRepo.storeWarcraftlogs")(function* (id, found) {
          const rows = yield* change(intoWarcraftlogs([{ ...found, character: id }]))
          return rows[0]?.snapshot
        }),
        storeBattlenet: Effect.fn("SnapshotsRepo.storeBattlenet")(function* (id, found) {
          const rows = yield* change(intoBattlenet([{ ...found, character: id }]))
          return rows[0]?.snapshot
        }),
        storeSheets: (rows) =>
          ids(
            intoWarcraftlogs(
              rows.map(({ character, found }) => ({ ...found, ...(found.erases && { gear: [] }), character }))
            )
          ),
        storeGear,
        storeProfiles: (rows) => ids(intoBattlenet(rows.map(({ character, found }) => ({ ...found, character }))))
      })
    })
  )
}
