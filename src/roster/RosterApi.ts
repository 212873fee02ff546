import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { SignedIn } from "../auth/SignedIn.ts"
import { UserId } from "../auth/User.ts"
import { GuildId, GuildNotFound, MemberNotFound } from "../guilds/Guild.ts"
import { Region } from "../game/Game.ts"
import { ProviderRateLimited, ProviderUnavailable, RegionUnsupported } from "../infra/upstream/ProviderErrors.ts"
import { Allowance } from "../limits/Allowance.ts"
import { BodyRule, JsonBody } from "../http/Envelope.ts"
import { conditional } from "../http/ETag.ts"
import { guarded, revised } from "./Revision.ts"
import {
  CharacterExists,
  CharacterInvalid,
  Entry,
  EntryId,
  EntryNotFound,
  GuildUnknown,
  OfficerRequired,
  Player,
  PlayerExists,
  PlayerId,
  PlayerInvalid,
  PlayerNotFound,
  PreconditionFailed,
  PreconditionRequired,
  Roster,
  RosterChange,
  RosterFull,
  RosterInvalid,
  RosterOutcome
} from "./Roster.ts"
import {
  DiscoveredRoster,
  EntryPatch,
  ImportedFile,
  NewPlayer,
  PlayerPatch,
  RosterFile,
  tooMany,
  WrittenCharacter
} from "./RosterFile.ts"

const params = { guild_id: GuildId }
const playerParams = { ...params, player_id: PlayerId }
const entryParams = { ...playerParams, entry_id: EntryId }

const edits = [GuildNotFound.wire, OfficerRequired.wire, PreconditionFailed.wire] as const
const playerEdits = [...edits, PlayerNotFound.wire, PlayerInvalid.wire, PlayerExists.wire, RosterFull.wire] as const
const entryEdits = [
  ...edits,
  PlayerNotFound.wire,
  EntryNotFound.wire,
  CharacterInvalid.wire,
  CharacterExists.wire,
  RosterFull.wire
] as const
const bulk = [...edits, PreconditionRequired.wire, RosterInvalid.wire, RosterFull.wire] as const

const flag = Schema.optionalKey(Schema.Literals(["true", "false"]))
const megabyte = 1024 * 1024

const Csv = Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/csv" }))

export class RosterApi extends HttpApiGroup.make("roster")
  .add(
    HttpApiEndpoint.get("get", "/roster", {
      params,
      success: Schema.Struct({ roster: Roster }),
      error: GuildNotFound.wire
    }).annotateMerge(conditional),
    HttpApiEndpoint.put("replace", "/roster", {
      params,
      query: { dry_run: flag },
      payload: RosterFile,
      success: RosterOutcome,
      error: bulk
    })
      .annotate(BodyRule, { maxBytes: megabyte, csv: false, fault: tooMany })
      .annotateMerge(guarded),
    HttpApiEndpoint.post("import", "/roster/import", {
      params,
      query: { dry_run: flag, replace: flag },
      payload: [ImportedFile, Csv],
      success: RosterOutcome,
      error: bulk
    })
      .annotate(BodyRule, { maxBytes: megabyte, csv: true, fault: tooMany })
      .annotateMerge(guarded),
    HttpApiEndpoint.get("export", "/roster/export", {
      params,
      query: { format: Schema.optionalKey(Schema.Literals(["json", "csv"])) },
      success: [RosterFile, Csv],
      error: GuildNotFound.wire
    }).annotateMerge(revised),
    HttpApiEndpoint.post("discover", "/roster/discover", {
      params,
      payload: Schema.Struct({
        source: Schema.Literals(["battlenet", "warcraftlogs"]),
        region: Region,
        realm: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(64)),
        name: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(64)),
        min_level: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))),
        max_rank: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 })))
      }),
      success: DiscoveredRoster,
      error: [
        ...edits,
        RosterFull.wire,
        GuildUnknown.wire,
        ProviderUnavailable.wire,
        ProviderRateLimited.wire,
        RegionUnsupported.wire
      ]
    })
      .annotate(Allowance, "refreshes")
      .annotateMerge(revised),
    HttpApiEndpoint.get("history", "/roster/history", {
      params,
      query: {
        limit: Schema.optionalKey(
          Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 100 }))
        ),
        cursor: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^\d{1,18}$/)))
      },
      success: Schema.Struct({ changes: Schema.Array(RosterChange), next_cursor: Schema.NullOr(Schema.String) }),
      error: GuildNotFound.wire
    }),
    HttpApiEndpoint.post("addPlayer", "/players", {
      params,
      payload: NewPlayer,
      success: Schema.Struct({ player: Player }).pipe(HttpApiSchema.status(201)),
      error: playerEdits
    }).annotateMerge(guarded),
    HttpApiEndpoint.patch("updatePlayer", "/players/:player_id", {
      params: playerParams,
      payload: PlayerPatch,
      success: Schema.Struct({ player: Player }),
      error: playerEdits
    }).annotateMerge(guarded),
    HttpApiEndpoint.delete("removePlayer", "/players/:player_id", {
      params: playerParams,
      success: HttpApiSchema.NoContent,
      error: playerEdits
    }).annotateMerge(guarded),
    HttpApiEndpoint.post("link", "/players/:player_id/link", {
      params: playerParams,
      payload: Schema.Struct({ user_id: Schema.NullOr(UserId) }),
      success: Schema.Struct({ player: Player }),
      error: [...playerEdits, MemberNotFound.wire]
    }).annotateMerge(guarded),
    HttpApiEndpoint.post("addCharacter", "/players/:player_id/characters", {
      params: playerParams,
      payload: WrittenCharacter,
      success: Schema.Struct({ character: Entry }).pipe(HttpApiSchema.status(201)),
      error: entryEdits
    }).annotateMerge(guarded),
    HttpApiEndpoint.patch("updateCharacter", "/players/:player_id/characters/:entry_id", {
      params: entryParams,
      payload: EntryPatch,
      success: Schema.Struct({ character: Entry }),
      error: entryEdits
    }).annotateMerge(guarded),
    HttpApiEndpoint.delete("removeCharacter", "/players/:player_id/characters/:entry_id", {
      params: entryParams,
      success: HttpApiSchema.NoContent,
      error: entryEdits
    }).annotateMerge(guarded),
    HttpApiEndpoint.delete("releaseCharacter", "/players/:player_id/characters/:entry_id/claim", {
      params: entryParams,
      success: HttpApiSchema.NoContent,
      error: [GuildNotFound.wire, OfficerRequired.wire, EntryNotFound.wire]
    })
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .prefix("/guilds/:guild_id") {}
