import { Schema } from "effect"
import { Faction } from "../game/Game.ts"
import { field } from "../http/Documented.ts"
import { apiError } from "../http/ApiError.ts"

/** Whom a word of a ruleset means: everybody, a class, one of its specs, or a spec in one of its roles. */
const Who = Schema.String.annotate({
  description: "`*`, `Mage`, `Mage:Frost` or `Druid:Feral:tank`: everybody, a class, a spec, a spec in a role.",
  examples: ["Mage:Frost"]
})

/** Hundredths of a percent of a spec's output. */
const Points = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000 }))

/** By whom it helps. */
const Values = Schema.Record(Schema.String, Points)

const Confidence = Schema.Literals(["base", "talent", "flag", "unverified"])

const Scope = Schema.Literals(["raid", "party", "assigned", "target"])

const Improvement = Schema.Struct({
  by: field(Who, "Whose it is.", "Warrior:Fury"),
  percent: field(Schema.Int, "Of the effect's value.", 125),
  talent: field(Schema.String, "The talent that is assumed for it.", "Commanding Presence")
}).annotate({ identifier: "RulesetImprovement", description: "Who is assumed to give more of an effect." })

const MaybeText = Schema.NullOr(Schema.String)

export const Effect = Schema.Struct({
  id: field(Schema.String, "Within the ruleset.", "battle_shout"),
  name: field(Schema.String, "As the game calls it.", "Battle Shout"),
  scope: field(
    Scope,
    "`raid` helps everybody in the raid, `party` the provider's group, `assigned` whom it is given to, `target` whoever attacks the target.",
    "party"
  ),
  gives: field(Schema.String, "What it does, in short.", "+306 attack power"),
  providers: field(Schema.Array(Who), "Who can give it.", ["Warrior"]),
  race: field(MaybeText, "The race that a provider must be of; null is any.", null),
  faction: field(Schema.NullOr(Faction), "The faction that has it; null is both.", null),
  slot: field(MaybeText, "A provider gives one effect of a slot at a time; null takes none.", "warrior.shout"),
  rivals: field(MaybeText, "Of the effects with this word only the strongest counts; null has no rivals.", null),
  stacks: field(Schema.Boolean, "Whether each provider adds to it; else the strongest counts.", false),
  improved: Schema.Array(Improvement),
  values: field(Values, "Hundredths of a percent of the output of a spec that it helps; the closest word counts.", {
    Rogue: 800,
    "Warrior:Fury": 800
  }),
  confidence: field(
    Confidence,
    "`base`: every provider has it. `talent`: counts, but is assumed. `unverified`: the facts are, too. `flag`: counts only for a seat that `brings` it.",
    "base"
  ),
  source: field(Schema.String, "Where the facts are from: see the ruleset's `sources`.", "W2 PartyBuffs.28"),
  note: field(MaybeText, "What else is to be known.", null)
}).annotate({ identifier: "RulesetEffect", description: "A buff, debuff, totem, aura or blessing." })
export type Effect = typeof Effect.Type

const Range = Schema.Struct({
  min: field(Schema.Int, "The fewest.", 2),
  max: field(Schema.Int, "The most.", 4)
}).annotate({ identifier: "RoleRange", description: "How many of a role." })

const Target = Schema.Struct({
  size: field(Schema.Int, "Seats of a raid.", 25),
  tank: field(Range, "Tanks.", { min: 2, max: 4 }),
  heal: field(Range, "Healers.", { min: 5, max: 8 })
}).annotate({ identifier: "RulesetTarget", description: "How many of a role a raid of a size takes." })

const facts = {
  id: field(Schema.String, "With its version, which never changes once released.", "tbc-anniversary@1"),
  label: field(Schema.String, "For people.", "The Burning Crusade Anniversary"),
  game_version: field(Schema.String, "Whose classes, specs and roles it speaks of.", "classicann")
}

export const Ruleset = Schema.Struct({
  ...facts,
  note: field(Schema.String, "What is to be known of it.", "Values are estimates."),
  sources: field(Schema.Record(Schema.String, Schema.String), "What the sources of effects mean.", {
    W2: "github.com/wowsims/tbc-new"
  }),
  targets: Schema.Array(Target),
  slots: Schema.Array(
    Schema.Struct({
      id: field(Schema.String, "As effects name it.", "warrior.shout"),
      name: field(Schema.String, "For people.", "Shout")
    }).annotate({ identifier: "RulesetSlot", description: "What a provider fills with one effect at a time." })
  ),
  effects: Schema.Array(Effect)
}).annotate({ identifier: "Ruleset", description: "The effects of one version of the game and what they are worth." })
export type Ruleset = typeof Ruleset.Type

export const ListedRuleset = Schema.Struct({
  ...facts,
  effects: field(Schema.Int, "How many effects it has.", 81)
}).annotate({ identifier: "ListedRuleset", description: "A ruleset without its effects." })

/** Values in place of a ruleset's: by effect, then by whom it helps. They replace all values of that effect. */
export const Overrides = Schema.Record(Schema.String, Values)
export type Overrides = typeof Overrides.Type

export class RulesetNotFound extends apiError("ruleset.not_found", 404, "There is no such ruleset.") {}
export class RulesetInvalid extends apiError(
  "ruleset.validation_failed",
  400,
  "The ruleset does not know some of these words.",
  { fields: [{ field: "values.windfury", reason: "is no effect of this ruleset" }] }
) {}
