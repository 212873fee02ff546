import { Schema, SchemaAST } from "effect"

/** RFC 3339 in UTC with `Z`. */
export const Timestamp = Schema.String.annotate({
  identifier: "Timestamp",
  description: "RFC 3339 in UTC with `Z`.",
  format: "date-time",
  examples: ["2026-11-25T19:30:00.000Z"]
})

export const NullableTimestamp = Schema.NullOr(Timestamp)

/** Whether a schema is one of these, described or not. */
export const isTimestamp = ({ ast }: Schema.Top) =>
  (SchemaAST.isUnion(ast) ? ast.types : [ast]).some((one) => SchemaAST.resolveIdentifier(one) === "Timestamp")
