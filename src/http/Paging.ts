import { Schema } from "effect"
import { field } from "./Documented.ts"

/** The query parameter `limit` of a list that is answered in pages: 1 to 100; without it, 50. */
export const pageLimit = Schema.optionalKey(
  field(Schema.String, "The most to answer; 50 without it.", 20, {
    type: "integer",
    minimum: 1,
    maximum: 100,
    default: 50
  }).pipe(
    Schema.decodeTo(Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 100 })))
  )
)
