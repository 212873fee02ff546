import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { NeededScope } from "../auth/KeyScope.ts"
import { SignedIn } from "../auth/SignedIn.ts"
import { UserId } from "../auth/User.ts"
import { GuildId, GuildNotFound, MemberNotFound } from "../guilds/Guild.ts"
import { Region } from "../game/Game.ts"
import { ProviderRateLimited, ProviderUnavailable, RegionUnsupported } from "../infra/upstream/ProviderErrors.ts"
import { Allowance } from "../limits/Allowance.ts"
import { documented, field } from "../http/Documented.ts"
import { BodyRule, JsonBody } from "../http/Envelope.ts"
import { conditional } from "../http/ETag.ts"
import { pageLimit } from "../http/Paging.ts"
import { demanding, guarded, revised } from "./Revision.ts"
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

const params = { guild_id: field(GuildId, "The guild.") }
const playerParams = { ...params, player_id: field(PlayerId, "The player.") }
const entryParams = { ...playerParams, entry_id: field(EntryId, "The entry.") }

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

const flag = (description: string, example: string) =>
  Schema.optionalKey(field(Schema.Literals(["true", "false"]), description, example))
const dryRun = flag("Whether to answer what would change, and write nothing.", "true")

const example = {
  players: [
    {
      name: "Aldra",
      discord_user_id: "930000000000000071",
      characters: [
        {
          name: "Velindra",
          region: "eu",
          server: "Spineshatter",
          class: "Mage",
          race: "Undead",
          spec: "Frost",
          rank: "main"
        }
      ]
    }
  ]
}
const discovered = { source: "battlenet", region: "eu", realm: "Spineshatter", name: "Ashen Vanguard" }
const megabyte = 1024 * 1024

const Csv = Schema.String.annotate({
  examples: [
    "player,character,region,server,class,race,spec,rank\nAldra,Velindra,eu,Spineshatter,Mage,Undead,Frost,main\n"
  ]
}).pipe(HttpApiSchema.asText({ contentType: "text/csv" }))

export class RosterApi extends HttpApiGroup.make("roster")
  .add(
    HttpApiEndpoint.get("get", "/roster", {
      params,
      success: Schema.Struct({ roster: Roster }),
      error: GuildNotFound.wire
    })
      .annotate(NeededScope, "roster:read")
      .annotateMerge(
        documented(
          "Read a roster",
          "Everybody on it with their characters, and what the providers know in short: one call fills every card."
        )
      )
      .annotateMerge(conditional),
    HttpApiEndpoint.put("replace", "/roster", {
      params,
      query: { dry_run: dryRun },
      payload: RosterFile,
      success: RosterOutcome,
      error: bulk
    })
      .annotate(NeededScope, "roster:write")
      .annotateMerge(
        documented(
          "Write the whole roster",
          "Players and characters that are left out are removed. All or nothing: with one invalid row nothing is written (422). With `dry_run` the answer is what would change. `If-Match` is demanded (428).",
          example
        )
      )
      .annotate(BodyRule, { maxBytes: megabyte, csv: false, fault: tooMany })
      .annotateMerge(demanding),
    HttpApiEndpoint.post("import", "/roster/import", {
      params,
      query: { dry_run: dryRun, replace: flag("Whether what is left out is removed.", "false") },
      payload: [ImportedFile, Csv],
      success: RosterOutcome,
      error: bulk
    })
      .annotate(NeededScope, "roster:write")
      .annotateMerge(
        documented(
          "Import a roster",
          "JSON of ours or of other planners, or CSV with a header line. What is left out stays unless `replace` is `true`. All or nothing, as with the whole roster.",
          example
        )
      )
      .annotate(BodyRule, { maxBytes: megabyte, csv: true, fault: tooMany })
      .annotateMerge(guarded),
    HttpApiEndpoint.get("export", "/roster/export", {
      params,
      query: { format: Schema.optionalKey(field(Schema.Literals(["json", "csv"]), "`json` unless told.", "json")) },
      success: [RosterFile, Csv],
      error: GuildNotFound.wire
    })
      .annotate(NeededScope, "roster:read")
      .annotateMerge(documented("Export a roster", "As JSON, or as CSV: importing it again changes nothing."))
      .annotateMerge(revised),
    HttpApiEndpoint.post("discover", "/roster/discover", {
      params,
      payload: Schema.Struct({
        source: field(Schema.Literals(["battlenet", "warcraftlogs"]), "Whom to ask.", "battlenet"),
        region: field(Region, "Region of the realm."),
        realm: field(
          Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(64)),
          "Name or slug.",
          "Spineshatter"
        ),
        name: field(
          Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(64)),
          "Of the guild.",
          "Ashen Vanguard"
        ),
        min_level: Schema.optionalKey(
          field(
            Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
            "The version's highest unless told.",
            70
          )
        ),
        max_rank: Schema.optionalKey(
          field(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 })), "Ranks in the guild count from 0.", 5)
        )
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
      .annotate(NeededScope, "roster:write")
      .annotateMerge(
        documented(
          "Find a guild's characters",
          "What Battle.net or Warcraft Logs lists for a guild, as a dry run whose `players` can be sent on to the import.",
          discovered
        )
      )
      .annotate(Allowance, "refreshes")
      .annotateMerge(revised),
    HttpApiEndpoint.get("history", "/roster/history", {
      params,
      query: {
        limit: pageLimit,
        cursor: Schema.optionalKey(
          field(Schema.String.check(Schema.isPattern(/^\d{1,18}$/)), "The `next_cursor` of the page before.")
        )
      },
      success: Schema.Struct({
        changes: Schema.Array(RosterChange),
        next_cursor: field(Schema.NullOr(Schema.String), "Null on the last page.", null)
      }),
      error: GuildNotFound.wire
    })
      .annotate(NeededScope, "roster:read")
      .annotateMerge(documented("Read the roster's history", "Who changed what of whom, newest first.")),
    HttpApiEndpoint.post("addPlayer", "/players", {
      params,
      payload: NewPlayer,
      success: Schema.Struct({ player: Player }).pipe(HttpApiSchema.status(201)),
      error: playerEdits
    })
      .annotate(NeededScope, "roster:write")
      .annotateMerge(
        documented("Add a player", "A person need not have signed in. A Discord id of a live member links them.")
      )
      .annotateMerge(guarded),
    HttpApiEndpoint.patch("updatePlayer", "/players/:player_id", {
      params: playerParams,
      payload: PlayerPatch,
      success: Schema.Struct({ player: Player }),
      error: playerEdits
    })
      .annotate(NeededScope, "roster:write")
      .annotateMerge(documented("Change a player", "Officers and admins; a raider their own note."))
      .annotateMerge(guarded),
    HttpApiEndpoint.delete("removePlayer", "/players/:player_id", {
      params: playerParams,
      success: HttpApiSchema.NoContent,
      error: playerEdits
    })
      .annotate(NeededScope, "roster:write")
      .annotateMerge(documented("Remove a player", "With their entries; the characters stay."))
      .annotateMerge(guarded),
    HttpApiEndpoint.post("link", "/players/:player_id/link", {
      params: playerParams,
      payload: Schema.Struct({ user_id: field(Schema.NullOr(UserId), "A live member, or null.") }),
      success: Schema.Struct({ player: Player }),
      error: [...playerEdits, MemberNotFound.wire]
    })
      .annotateMerge(documented("Link a player to a member", "Null frees the player.", { user_id: null }))
      .annotateMerge(guarded),
    HttpApiEndpoint.post("addCharacter", "/players/:player_id/characters", {
      params: playerParams,
      payload: WrittenCharacter,
      success: Schema.Struct({ character: Entry }).pipe(HttpApiSchema.status(201)),
      error: entryEdits
    })
      .annotate(NeededScope, "roster:write")
      .annotateMerge(
        documented("Add a character", "A character stands on a roster once. A main demotes the one before.")
      )
      .annotateMerge(guarded),
    HttpApiEndpoint.patch("updateCharacter", "/players/:player_id/characters/:entry_id", {
      params: entryParams,
      payload: EntryPatch,
      success: Schema.Struct({ character: Entry }),
      error: entryEdits
    })
      .annotate(NeededScope, "roster:write")
      .annotateMerge(
        documented("Change an entry", "Officers and admins any; a raider their own.", {
          spec: "Fire",
          note: "Learning"
        })
      )
      .annotateMerge(guarded),
    HttpApiEndpoint.delete("removeCharacter", "/players/:player_id/characters/:entry_id", {
      params: entryParams,
      success: HttpApiSchema.NoContent,
      error: entryEdits
    })
      .annotate(NeededScope, "roster:write")
      .annotateMerge(documented("Remove an entry", "The character itself stays."))
      .annotateMerge(guarded),
    HttpApiEndpoint.delete("releaseCharacter", "/players/:player_id/characters/:entry_id/claim", {
      params: entryParams,
      success: HttpApiSchema.NoContent,
      error: [GuildNotFound.wire, OfficerRequired.wire, EntryNotFound.wire]
    }).annotateMerge(
      documented("Release a claim", "Takes a character from somebody who claimed it, so that its player can.")
    )
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .annotateMerge(
    OpenApi.annotations({ title: "Roster", description: "A guild's players and their characters, for its members." })
  )
  .prefix("/guilds/:guild_id") {}
