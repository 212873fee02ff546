import { Context, type Schema } from "effect"
import { OpenApi } from "effect/http-api"

/** The annotation whose JSON Schema keywords the document shows for a field. */
export const keywordsKey = "x-keywords"

/**
 * A field, a path parameter or a query parameter as the document shows it: its meaning with the unit, an example, and
 * JSON Schema keywords for rules that the schema itself cannot show (bounds that a rule checks, say). Nothing here changes
 * what is accepted.
 *
 *     level: field(Schema.NullOr(Schema.Int), "Level of the character, 1 to 70.", 70)
 */
export const field = <S extends Schema.Top>(
  schema: S,
  description: string,
  example?: unknown,
  keywords?: Readonly<Record<string, Schema.Json>>
): S["Rebuild"] =>
  schema.annotateKey({
    description,
    ...(example === undefined ? {} : { examples: [example as S["Type"]] }),
    ...(keywords === undefined ? {} : { [keywordsKey]: keywords })
  })

/** What an endpoint's document has besides what its schemas say. */
export interface Extra {
  /** Headers of the request. */
  readonly parameters?: ReadonlyArray<object>
  /** Headers of a response by its status, and responses that have no schema. */
  readonly responses?: Readonly<Record<number, { readonly description?: string; readonly headers: object }>>
}

export const Extra = Context.Reference<Extra>("http/Extra", { defaultValue: () => ({}) })

/** A request body that is sent as an example, where those of its fields do not make one. */
export const BodyExample = Context.Reference<unknown>("http/BodyExample", { defaultValue: () => undefined })

/** The words of an endpoint; every endpoint has them. Examples are made of those of its fields. */
export const documented = (summary: string, description: string, body?: unknown) =>
  Context.add(OpenApi.annotations({ summary, description }), BodyExample, body)

/** How a middleware lets callers in, by the name of a security scheme. */
export interface Guard {
  readonly schemes: Readonly<Record<string, object>>
  /** What lets a request in: any of these, with all of its schemes. */
  readonly needed: (isUnsafe: boolean, annotations: Context.Context<never>) => ReadonlyArray<ReadonlyArray<string>>
  /** What an operation's description says besides. */
  readonly note: (annotations: Context.Context<never>) => string | undefined
}
