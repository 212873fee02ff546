import { Effect, Option, Schema, SchemaGetter } from "effect"
import { cleanText } from "../StorableText.ts"

export const Text = Schema.String.pipe(
  Schema.decode({ decode: SchemaGetter.transform(cleanText), encode: SchemaGetter.passthrough() })
)

/** A non-negative whole number that fits PostgreSQL's `integer`. */
export const Int32 = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }))

/** Reads a key as null if it is absent, null or of an unexpected type. */
export const orNull = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) =>
  Schema.NullOr(schema).pipe(
    Schema.catchDecoding(() => Effect.succeedSome(null)),
    Schema.withDecodingDefaultKey(Effect.succeed(null))
  )

/** Reads a list, empty if it is absent or not a list. Items that do not match are left out. */
export const listOf = <S extends Schema.ConstraintDecoder<unknown>>(item: S) => {
  const decode = Schema.decodeUnknownOption(item)
  const List = Schema.Array(Schema.Unknown).pipe(
    Schema.catchDecoding(() => Effect.succeedSome([])),
    Schema.withDecodingDefaultKey(Effect.succeed([]))
  )
  return List.pipe(
    Schema.decodeTo(Schema.Array(Schema.toType(item)), {
      decode: SchemaGetter.transform((items: ReadonlyArray<unknown>) =>
        items.flatMap((each) => Option.toArray(decode(each)))
      ),
      encode: SchemaGetter.passthrough({ strict: false })
    })
  )
}
