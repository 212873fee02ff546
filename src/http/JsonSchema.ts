import { keywordsKey } from "./Documented.ts"

/** A schema in the document. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
  readonly $ref?: string
  readonly type?: string
  readonly description?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly examples?: ReadonlyArray<unknown>
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly allOf?: ReadonlyArray<JsonSchema>
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
}

type Schemas = Readonly<Record<string, JsonSchema>>

const nameOf = (ref: string) => ref.split("/").at(-1)!

/** Keywords that say nothing: the bounds of any integer in JSON, and the pattern of a UUID, which its format implies. */
const isNoise = (key: string, value: unknown, { format }: JsonSchema) =>
  Math.abs(value as number) === Number.MAX_SAFE_INTEGER || (key === "pattern" && format === "uuid")

const shapeKeys = new Set(["$ref", "type", "anyOf", "properties", "items", "enum"])
const describes = (schema: JsonSchema) => Object.keys(schema).every((key) => !shapeKeys.has(key))

const each = (schemas: Schemas): Schemas =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, tidy(schema)]))

/** A schema as people would write it: descriptions stand beside what they describe, not in an `allOf` with it. */
export const tidy = (schema: JsonSchema): JsonSchema => {
  const { allOf = [], anyOf, items, properties, [keywordsKey]: keywords, ...own } = schema
  const shapes = allOf.filter((part) => !describes(part))
  const isJoined = shapes.length > 1 || (shapes.length === 1 && !describes(schema))
  const inner = Object.assign({}, ...(isJoined ? allOf.filter(describes) : allOf).map(tidy)) as JsonSchema
  return {
    ...Object.fromEntries(Object.entries(own).filter(([key, value]) => !isNoise(key, value, schema))),
    ...(anyOf && { anyOf: anyOf.map(tidy) }),
    ...(items && { items: tidy(items) }),
    ...(properties && { properties: each(properties) }),
    ...(isJoined && { allOf: shapes.map(tidy) }),
    ...inner,
    ...(keywords as object | undefined)
  }
}

const joined = (values: ReadonlyArray<unknown>): unknown =>
  values.every((value) => typeof value === "object") ? Object.assign({}, ...values) : values[0]

/** The example that the fields of a schema make together. */
export const exampleOf = (schema: JsonSchema, schemas: Schemas): unknown => {
  const { $ref, type, examples, properties, items } = schema
  if (examples !== undefined) return examples[0]
  if (schema.enum !== undefined) return schema.enum[0]
  if ($ref !== undefined) return exampleOf(schemas[nameOf($ref)]!, schemas)
  if (schema.anyOf !== undefined) return exampleOf(schema.anyOf[0]!, schemas)
  if (schema.allOf !== undefined) return joined(schema.allOf.map((part) => exampleOf(part, schemas)))
  if (properties !== undefined) {
    const entries = Object.entries(properties).map(([key, child]) => [key, exampleOf(child, schemas)] as const)
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  }
  if (items !== undefined) {
    const item = exampleOf(items, schemas)
    return item === undefined ? [] : [item]
  }
  return type === "null" ? null : undefined
}
