import { Schema } from "effect"

/** RFC 3339 in UTC with `Z`. */
export const Timestamp = Schema.String.annotate({ identifier: "Timestamp", format: "date-time" })

export const NullableTimestamp = Schema.NullOr(Timestamp)
