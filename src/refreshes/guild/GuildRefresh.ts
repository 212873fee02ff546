import { Schema } from "effect"
import { UserId } from "../../auth/User.ts"
import { GuildId } from "../../guilds/Guild.ts"
import { apiError } from "../../http/ApiError.ts"
import { field } from "../../http/Documented.ts"
import { NullableTimestamp, Timestamp } from "../../http/Timestamp.ts"
import { EntryId } from "../../roster/Roster.ts"

export const RefreshId = Schema.String.check(Schema.isUUID())
  .annotate({ identifier: "RefreshId", examples: ["0199c3f4-5e6f-7e0f-9a1b-2c3d4e5f6071"] })
  .pipe(Schema.brand("RefreshId"))
export type RefreshId = typeof RefreshId.Type

export const Provider = Schema.Literals(["warcraftlogs", "battlenet"])
export type Provider = typeof Provider.Type

const State = Schema.Literals(["running", "waiting", "done", "cancelled", "failed"])

const count = (what: string, example: number) => field(Schema.Int, `Characters ${what}.`, example)

const ProviderCounts = Schema.Struct({
  total: count("in all", 40),
  done: count("read anew", 22),
  fresh: count("that were fresh already", 6),
  failed: count("that could not be read", 1),
  waiting: count("not settled yet", 11),
  requests: field(Schema.Int, "Requests sent to the provider.", 7),
  points_left: field(
    Schema.NullOr(Schema.Finite),
    "What is left of the hour's points, as the provider last said; null when it did not.",
    2870.5
  ),
  waiting_until: field(NullableTimestamp, "When it goes on; null while it does not wait.", null),
  waiting_for: field(
    Schema.NullOr(Schema.Literals(["reserve", "limit", "provider"])),
    "`reserve`: the rest of the hour's points is kept for single refreshes. `limit`: the provider told us to wait. `provider`: it does not respond.",
    null
  )
}).annotate({ identifier: "RefreshCounts", description: "How far a refresh is with one provider." })

const summary = {
  id: field(RefreshId, "Of the refresh."),
  guild_id: field(GuildId, "The guild."),
  state: field(
    State,
    "It is `waiting` while no provider can be asked; `done`, `cancelled` and `failed` are final.",
    "running"
  ),
  requested_by: field(Schema.NullOr(UserId), "Who asked for it; null when it was the service itself, at night."),
  created_at: field(Timestamp, "When it was asked for."),
  finished_at: field(NullableTimestamp, "Null until it is final.", null),
  waiting_until: field(NullableTimestamp, "When a waiting refresh goes on.", null),
  providers: field(
    Schema.Struct({
      warcraftlogs: field(Schema.NullOr(ProviderCounts), "Null if it was not asked for."),
      battlenet: field(Schema.NullOr(ProviderCounts), "Null if it was not asked for.")
    }),
    "The counts by provider."
  )
}

/** A refresh without its parts. */
export const RefreshSummary = Schema.Struct(summary).annotate({
  identifier: "GuildRefreshSummary",
  description: "A refresh of a guild's roster, in counts."
})
export type RefreshSummary = typeof RefreshSummary.Type

export const RefreshPart = Schema.Struct({
  entry_id: field(EntryId, "Of the roster's entry, which may have been removed since."),
  provider: field(Provider, "The provider.", "warcraftlogs"),
  outcome: field(
    Schema.NullOr(Schema.Literals(["done", "fresh", "failed"])),
    "Null until it is settled, which happens once.",
    "done"
  ),
  error: field(Schema.NullOr(Schema.String), "A sentence for people: why it failed, or what could not be read.", null)
}).annotate({ identifier: "RefreshPart", description: "One character at one provider." })

export const GuildRefresh = Schema.Struct({
  ...summary,
  parts: field(Schema.Array(RefreshPart), "Each character at each provider.")
}).annotate({ identifier: "GuildRefresh", description: "A refresh of a guild's roster." })
export type GuildRefresh = typeof GuildRefresh.Type

/** What changed since an event: a listener who missed none knows every outcome. */
export const RefreshNews = Schema.Struct({
  after: field(
    Schema.Int,
    "The `id` of the event before; whoever has another one as the last missed some, and reads the refresh.",
    11
  ),
  refresh: field(RefreshSummary, "The counts as they now are."),
  parts: field(Schema.Array(RefreshPart), "Those that were settled since.")
}).annotate({ identifier: "RefreshNews", description: "What changed of a refresh since the event before." })
export type RefreshNews = typeof RefreshNews.Type

export const RefreshOptions = Schema.Struct({
  providers: Schema.optionalKey(
    field(
      Schema.Array(Provider).check(Schema.isMinLength(1), Schema.isMaxLength(2)),
      "Whom to ask; both unless told.",
      ["warcraftlogs", "battlenet"]
    )
  ),
  stale_after_seconds: Schema.optionalKey(
    field(
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_592_000 })),
      "What is younger is left as it is; 900 unless told.",
      900
    )
  ),
  entries: Schema.optionalKey(
    field(
      Schema.Array(EntryId).check(Schema.isMinLength(1), Schema.isMaxLength(1500)),
      "Of the roster's entries; all of players who are not inactive unless told. What is no entry of the roster is left out."
    )
  )
})
export type RefreshOptions = typeof RefreshOptions.Type

/** Seconds after which a part is read anew, unless told. */
export const staleAfter = 900

export class RefreshNotFound extends apiError("refresh.not_found", 404, "Refresh was not found.") {}
