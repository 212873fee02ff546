/** The parts of an OpenAPI document that the fuzzer reads. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string
  readonly description?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly oneOf?: ReadonlyArray<JsonSchema>
  readonly allOf?: ReadonlyArray<JsonSchema>
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly items?: JsonSchema
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
}

interface Content {
  readonly content?: Readonly<
    Record<string, { readonly schema: JsonSchema; readonly example?: unknown; readonly examples?: unknown }>
  >
}

interface Response extends Content {
  readonly headers?: Readonly<Record<string, object>>
}

interface Parameter {
  readonly required?: boolean
  readonly name: string
  readonly in: string
  readonly schema: JsonSchema
  readonly description?: string
  readonly example?: unknown
}

export interface Operation {
  readonly method: string
  readonly path: string
  readonly operationId: string
  readonly summary?: string
  readonly description?: string
  readonly tags?: ReadonlyArray<string>
  readonly security: ReadonlyArray<Readonly<Record<string, object>>>
  readonly parameters: ReadonlyArray<Parameter>
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Response>>
}

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Omit<Operation, "method" | "path">>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>
    readonly responses: Readonly<Record<string, Response>>
  }
}

/** A document in which no object has more than its properties: what answers are held against. */
export const closed = <A>(part: A): A => {
  if (Array.isArray(part)) return part.map(closed) as A
  if (typeof part !== "object" || part === null) return part
  const inner = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, closed(value)]))
  return (inner.type === "object" && "properties" in inner ? { additionalProperties: false, ...inner } : inner) as A
}

const nameOf = (ref: string) => ref.split("/").at(-1)!

export const operationsOf = ({ paths, components }: OpenApiDocument): ReadonlyArray<Operation> =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const responses = Object.entries(operation.responses).map(([status, response]) => [
        status,
        "$ref" in response ? components.responses[nameOf(String(response.$ref))]! : response
      ])
      return { ...operation, responses: Object.fromEntries(responses), method: method.toUpperCase(), path }
    })
  )

export const bodySchemaOf = ({ requestBody }: Operation) => requestBody?.content?.["application/json"]?.schema

/** A schema with its references led to the document that a validator knows as `api`. */
export const inDocument = (schema: JsonSchema): object =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"api#/components/'))
