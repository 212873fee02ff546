import { Context, Effect, Layer } from "effect"
import { HttpApiBuilder, type HttpApiGroup } from "effect/http-api"

type Build = (handlers: never) => Effect.Effect<unknown, unknown, unknown>

/**
 * Like `HttpApiBuilder.group`, for handlers that get their services from `build`. Effect copies the context that a group
 * is built in into the context of each of its requests; here that is no more than the middleware of its endpoints.
 */
export const groupOf = ((api: { groups: Record<string, HttpApiGroup.Top> }, identifier: string, build: Build) => {
  const middleware = Object.values(api.groups[identifier]!.endpoints).flatMap(({ middlewares }) => [...middlewares])
  return Layer.fromBuild((memoMap, scope) =>
    Effect.contextWith((services: Context.Context<unknown>) => {
      const inner = (handlers: never) => Effect.provideContext(build(handlers), services)
      const group = HttpApiBuilder.group(api as never, identifier as never, inner as never) as Layer.Layer<unknown>
      return Effect.updateContext(Layer.buildWithMemoMap(group, memoMap, scope), () =>
        Context.pick(...middleware)(services)
      )
    })
  )
}) as unknown as typeof HttpApiBuilder.group
