import { Context } from "effect"
import type { OpenApi } from "effect/http-api"
import { MethodNotAllowed, RouteNotFound } from "./ApiError.ts"
import { BodyExample, Extra, type Guard } from "./Documented.ts"
import { envelopeSchemas, failuresOf, SharedResponses } from "./DocumentedErrors.ts"
import { exampleOf, type JsonSchema, tidy } from "./JsonSchema.ts"
import { isSafe } from "./Methods.ts"

interface Endpoint {
  readonly path: string
  readonly method: string
  readonly annotations: Context.Context<never>
  readonly middlewares: ReadonlySet<object>
}

interface Group {
  readonly annotations: Context.Context<never>
  readonly endpoints: Readonly<Record<string, Endpoint>>
}

interface Body {
  readonly schema: JsonSchema
  readonly example?: unknown
}
type Content = Readonly<Record<string, Body>>
type Schemas = Readonly<Record<string, JsonSchema>>

interface Operation {
  readonly description: string
  readonly parameters: ReadonlyArray<{ readonly name: string; readonly schema: JsonSchema }>
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>
}

interface Facts {
  /** Of the document, besides what is annotated. */
  readonly info: object
  /** Whether requests to an endpoint are counted. */
  readonly isCounted: (annotations: Context.Context<never>) => boolean
}

const header = (type: string, description: string, example: unknown) => ({ description, schema: { type }, example })

const headers = {
  RequestId: header(
    "string",
    "The request's `X-Request-Id` if it sent a usable one (8 to 128 of `A-Za-z0-9._-`), else a new UUID.",
    "5f0c2f0e-3a55-4f2c-9c1b-6f1d6f5c1e0a"
  ),
  RateLimit: header(
    "string",
    "What is left under the tightest rule that counted this request: `r` requests, for `t` seconds.",
    '"requests";r=5999;t=60'
  ),
  RateLimitPolicy: header("string", "That rule: `q` requests in `w` seconds.", '"requests";q=6000;w=60'),
  RetryAfter: header("integer", "Seconds until a retry can succeed.", 5),
  ETag: header("string", "Send it back as `If-None-Match`.", '"6TXPvGlLz2tpKzgD"')
}

const ref = (name: keyof typeof headers) => ({ $ref: `#/components/headers/${name}` })
const always = { "X-Request-Id": ref("RequestId") }
const counted = { ...always, RateLimit: ref("RateLimit"), "RateLimit-Policy": ref("RateLimitPolicy") }

const done: Readonly<Record<string, string>> = { 200: "As asked.", 201: "Made.", 204: "Done. There is no body." }

/** What only a request that changes something can be told. */
const onlyUnsafe = new Set(["auth.origin_forbidden", "auth.csrf_required", "auth.csrf_invalid"])
const onlyUnsafeStatus = new Set(["413", "415"])

const guardsOf = (endpoint: Endpoint) =>
  [...endpoint.middlewares].flatMap((middleware) => ("guard" in middleware ? [middleware.guard as Guard] : []))

/** The body's schema, without the promise that it has no other fields: those are ignored. */
const open = (schema: JsonSchema): JsonSchema => ({
  ...Object.fromEntries(Object.entries(schema).filter(([key]) => key !== "additionalProperties")),
  ...(schema.anyOf && { anyOf: schema.anyOf.map(open) })
})

const withExample = (content: Content | undefined, schemas: Schemas, given?: unknown, isBody = false) => {
  if (content === undefined) return {}
  const others = Object.entries(content).map(([type, body]) => {
    const schema = tidy(body.schema)
    return [type, { schema, example: exampleOf(schema, schemas) }]
  })
  const { "application/json": json } = content
  if (json === undefined) return { content: Object.fromEntries(others) }
  const schema = isBody ? open(tidy(json.schema)) : tidy(json.schema)
  return {
    content: {
      ...Object.fromEntries(others),
      "application/json": { schema, example: given ?? exampleOf(schema, schemas) }
    }
  }
}

const parameterOf = ({ schema, ...parameter }: Operation["parameters"][number], schemas: Schemas) => {
  const { description, examples: _, ...rest } = tidy(schema)
  const example = exampleOf(tidy(schema), schemas)
  return { ...parameter, description, schema: rest, ...(example === undefined ? {} : { example }) }
}

const templateOf = (path: string) => path.replace(/:(\w+)/g, "{$1}")

/** Completes the document that Effect makes of the declarations with what is common to all operations. */
export const completed = (
  spec: OpenApi.OpenAPISpec,
  groups: Readonly<Record<string, Group>>,
  { isCounted, info }: Facts
): object => {
  const schemas = Object.fromEntries(
    Object.entries(spec.components.schemas).map(([name, schema]) => [name, tidy(schema)])
  )
  const shared = new SharedResponses()
  const codes = new Set([RouteNotFound.code, MethodNotAllowed.code] as ReadonlyArray<string>)
  const securitySchemes: Record<string, object> = {}

  const complete = (operation: Operation, endpoint: Endpoint, annotations: Context.Context<never>) => {
    const isUnsafe = !isSafe(endpoint.method)
    const isLimited = isCounted(annotations)
    const common = isLimited ? counted : always
    const extra = Context.get(annotations, Extra)
    const guards = guardsOf(endpoint)
    for (const { schemes } of guards) Object.assign(securitySchemes, schemes)
    const notes = guards.flatMap((guard) => guard.note(annotations) ?? [])
    const needed = guards.flatMap((guard) => guard.needed(isUnsafe, annotations))

    const responses: Record<string, () => object> = {}
    for (const [status, response] of Object.entries(operation.responses)) {
      const failures = failuresOf({ ...response, content: tidyContent(response.content) })
      if (failures === undefined) {
        const { headers } = extra.responses?.[Number(status)] ?? {}
        const body = withExample(response.content, schemas)
        const description = done[status] ?? response.description
        responses[status] = () => ({ description, headers: { ...common, ...headers }, ...body })
        continue
      }
      const told = failures.filter(({ code }) => isUnsafe || !onlyUnsafe.has(code))
      if (told.length === 0 || (!isUnsafe && onlyUnsafeStatus.has(status)) || (!isLimited && status === "429")) continue
      for (const { code } of told) codes.add(code)
      const retry = status === "429" || status === "503" ? { "Retry-After": ref("RetryAfter") } : {}
      responses[status] = shared.use(status, told, { ...common, ...retry }, isLimited ? "" : "Uncounted")
    }
    for (const [status, { description, headers }] of Object.entries(extra.responses ?? {})) {
      if (description !== undefined) responses[status] = () => ({ description, headers: { ...common, ...headers } })
    }

    const { content } = operation.requestBody ?? {}
    const body = withExample(content, schemas, Context.get(annotations, BodyExample), true)
    return () => ({
      ...operation,
      description: [operation.description, ...notes].join(" "),
      parameters: [
        ...operation.parameters.map((parameter) => parameterOf(parameter, schemas)),
        ...(extra.parameters ?? [])
      ],
      ...(content && { requestBody: { required: !isOptional(content), ...body } }),
      security: needed.map((schemes) => Object.fromEntries(schemes.map((scheme) => [scheme, []]))),
      responses: Object.fromEntries(Object.entries(responses).map(([status, make]) => [status, make()]))
    })
  }

  const paths: Record<string, Record<string, () => object>> = {}
  for (const group of Object.values(groups)) {
    for (const endpoint of Object.values(group.endpoints)) {
      const path = templateOf(endpoint.path)
      const method = endpoint.method.toLowerCase()
      const operation = (spec.paths[path] as Record<string, unknown> | undefined)?.[method] as Operation
      const annotations = Context.merge(group.annotations, endpoint.annotations)
      paths[path] = { ...paths[path], [method]: complete(operation, endpoint, annotations) }
    }
  }
  const made = Object.entries(paths).map(([path, methods]) => [
    path,
    Object.fromEntries(Object.entries(methods).map(([method, make]) => [method, make()]))
  ])
  return {
    ...spec,
    info: { ...spec.info, ...info },
    paths: Object.fromEntries(made),
    components: {
      schemas: { ...schemas, ...envelopeSchemas([...codes].toSorted()) },
      responses: shared.responses,
      headers,
      securitySchemes
    }
  }
}

/** A body may be left out where null stands for none. */
const isOptional = (content: Content) =>
  content["application/json"]?.schema.anyOf?.some(({ type }) => type === "null") === true

const tidyContent = (content: Content | undefined) => {
  const json = content?.["application/json"]
  return json === undefined ? {} : { "application/json": { schema: tidy(json.schema) } }
}
