import { Context, Effect, Layer, Record, Schema } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder, type HttpApiEndpoint, type HttpApiGroup, HttpApiSchema } from "effect/http-api"

type Handler = (request: never) => Effect.Effect<unknown, unknown, unknown>
type Handlers = { readonly handleAll: (all: Readonly<Record<string, Handler>>) => unknown }
type Build = (handlers: Handlers) => Effect.Effect<unknown, unknown, unknown>

/** As `HttpApiSchema.status` declares it. */
const statusOf = ({ ast }: Schema.Top) =>
  (ast.annotations?.httpApiStatus ?? ast.context?.annotations?.httpApiStatus ?? 200) as number

/**
 * What a handler returns has the type of its answer, and mostly comes from our own database. Effect would check and copy
 * it once more. Tests hold every answer against the document instead.
 */
const asJson = ({ success }: HttpApiEndpoint.Top, handler: Handler): Handler => {
  const [schema, ...others] = success as ReadonlySet<Schema.Top>
  if (!Schema.isSchema(schema) || others.length > 0 || HttpApiSchema.isNoContent(schema.ast)) return handler
  if (Schema.toEncoded(schema).ast !== schema.ast) return handler
  const status = statusOf(schema)
  return (request) =>
    Effect.map(handler(request), (value) =>
      HttpServerResponse.isHttpServerResponse(value) ? value : HttpServerResponse.jsonUnsafe(value, { status })
    )
}

/**
 * Like `HttpApiBuilder.group`, for handlers that get their services from `build`. Effect copies the context that a group
 * is built in into the context of each of its requests; here that is no more than the middleware of its endpoints.
 */
export const groupOf = ((api: { groups: Record<string, HttpApiGroup.Top> }, identifier: string, build: Build) => {
  const { endpoints } = api.groups[identifier]!
  const middleware = Object.values(endpoints).flatMap(({ middlewares }) => [...middlewares])
  return Layer.fromBuild((memoMap, scope) =>
    Effect.contextWith((services: Context.Context<unknown>) => {
      const inner = (handlers: Handlers) => {
        const handleAll: Handlers["handleAll"] = (all) =>
          handlers.handleAll(Record.map(all, (handler, name) => asJson(endpoints[name]!, handler)))
        return Effect.provideContext(build({ handleAll }), services)
      }
      const group = HttpApiBuilder.group(api as never, identifier as never, inner as never) as Layer.Layer<unknown>
      return Effect.updateContext(Layer.buildWithMemoMap(group, memoMap, scope), () =>
        Context.pick(...middleware)(services)
      )
    })
  )
}) as unknown as typeof HttpApiBuilder.group
