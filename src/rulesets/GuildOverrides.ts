import { Schema } from "effect"
import { Actor } from "../auth/User.ts"
import { apiError } from "../http/ApiError.ts"
import { field } from "../http/Documented.ts"
import { NullableTimestamp } from "../http/Timestamp.ts"
import { Overrides } from "./Ruleset.ts"

export const GuildOverrides = Schema.Struct({
  ruleset: field(Schema.String, "Whose values they replace.", "tbc-anniversary@1"),
  revision: field(Schema.Int, "Grows with every write, from 0; `If-Match` takes it.", 2),
  values: field(Overrides, "By effect, in points by whom it helps.", { windfury_totem: { Rogue: 900 } }),
  updated_by: field(Schema.NullOr(Actor), "Null if nobody, or no longer a user."),
  updated_at: field(NullableTimestamp, "When they were last written; null if never.")
}).annotate({
  identifier: "GuildOverrides",
  description: "What effects are worth to a guild, in place of a ruleset's values."
})
export type GuildOverrides = typeof GuildOverrides.Type

/** The most that a guild's values take, in characters of JSON. */
export const maxCharacters = 32_768

export class OverridesStale extends apiError(
  "precondition.failed",
  412,
  "The values were written by somebody else. Read them again first.",
  { revision: 3 }
) {}
