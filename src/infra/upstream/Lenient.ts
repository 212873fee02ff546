import { Effect, Option, Schema, SchemaGetter } from "effect"
import { cleanText } from "../StorableText.ts"

export const Text = Schema.String.pipe(
  Schema.decode({ decode: SchemaGetter.transform(cleanText), encode: SchemaGetter.passthrough() })
)

/** A whole number that is not negative and fits an `integer` of PostgreSQL. */
export const Int32 = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }))

/** A key that may be absent, null, or of another type than promised: all of these read as null. */
export const orNull = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) =>
  Schema.NullOr(schema).pipe(
    Schema.catchDecoding(() => Effect.succeedSome(null)),
    Schema.withDecodingDefaultKey(Effect.succeed(null))
  )

/** A list that may be absent or no list; items that are not what they should be are left out. */
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
