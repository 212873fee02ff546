import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { SignedIn } from "../auth/SignedIn.ts"
import { GuildId, GuildNotFound } from "../guilds/Guild.ts"
import { documented, field } from "../http/Documented.ts"
import { JsonBody } from "../http/Envelope.ts"
import { conditional } from "../http/ETag.ts"
import { demanding, revised } from "../roster/Revision.ts"
import { OfficerRequired, PreconditionRequired } from "../roster/Roster.ts"
import { Coverage } from "./Coverage.ts"
import { GuildOverrides, OverridesStale } from "./GuildOverrides.ts"
import { ListedRuleset, Overrides, Ruleset, RulesetInvalid, RulesetNotFound } from "./Ruleset.ts"
import { SeatingBody } from "./SeatingBody.ts"

const ruleset = field(Schema.String, "Which, with its version.", "tbc-anniversary@1")

/** The effects of the game, as versioned data. For everybody. */
export class RulesetsApi extends HttpApiGroup.make("rulesets")
  .add(
    HttpApiEndpoint.get("list", "/", {
      success: Schema.Struct({ rulesets: Schema.Array(ListedRuleset) })
    })
      .annotateMerge(documented("List the rulesets", "Every version there is."))
      .annotateMerge(conditional),
    HttpApiEndpoint.get("get", "/:ruleset", {
      params: { ruleset },
      success: Schema.Struct({ ruleset: Ruleset }),
      error: RulesetNotFound.wire
    })
      .annotateMerge(documented("Read a ruleset", "It never changes, so it may be kept for good."))
      .annotateMerge(conditional)
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Rulesets",
      description: "The buffs, debuffs, totems, auras and blessings of a game version, and what they are worth."
    })
  )
  .prefix("/rulesets") {}

const guildParams = { guild_id: field(GuildId, "The guild."), ruleset }
const example = { values: { windfury_totem: { Rogue: 900, "Warrior:Fury": 1400 } } }

/** What seatings give by a ruleset, and a guild's own values for one. */
export class CoverageApi extends HttpApiGroup.make("coverage")
  .add(
    HttpApiEndpoint.post("evaluate", "/rulesets/:ruleset/coverage", {
      params: { ruleset },
      payload: SeatingBody,
      success: Schema.Struct({ coverage: Coverage }),
      error: [RulesetNotFound.wire, RulesetInvalid.wire]
    }).annotateMerge(
      documented(
        "Tell what a seating covers",
        "Which effects each raid and group has, lacks and could have, and what they are worth. Nothing is stored."
      )
    ),
    HttpApiEndpoint.get("overrides", "/guilds/:guild_id/ruleset-overrides/:ruleset", {
      params: guildParams,
      success: Schema.Struct({ overrides: GuildOverrides }),
      error: [GuildNotFound.wire, RulesetNotFound.wire]
    })
      .annotateMerge(documented("Read a guild's own values", "Revision 0 without values when it has none."))
      .annotateMerge(revised),
    HttpApiEndpoint.put("replaceOverrides", "/guilds/:guild_id/ruleset-overrides/:ruleset", {
      params: guildParams,
      payload: Schema.Struct({
        values: field(
          Overrides,
          "By effect, in points by whom it helps: they replace all the ruleset's values of that effect. None at all: the ruleset's count again.",
          example.values
        )
      }),
      success: Schema.Struct({ overrides: GuildOverrides }),
      error: [
        GuildNotFound.wire,
        RulesetNotFound.wire,
        RulesetInvalid.wire,
        OfficerRequired.wire,
        PreconditionRequired.wire,
        OverridesStale.wire
      ]
    })
      .annotateMerge(
        documented("Write a guild's own values", "For officers and admins. `If-Match` is demanded (428).", example)
      )
      .annotateMerge(demanding)
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .annotateMerge(
    OpenApi.annotations({
      title: "Coverage",
      description: "What a seating gives its raids, and what effects are worth to a guild."
    })
  ) {}
