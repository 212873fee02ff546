import { Data, Effect, Stream } from "effect"
import { ApiError, type ClientOptions, createClient } from "./index.ts"
import type { Answer, CodeOf, EventOf, Input, Method, PathOf, Rest, StreamInput, StreamPath } from "./types.ts"

/** There was no usable answer: no connection, or not the API's. */
export class ConnectionError extends Data.TaggedError("ConnectionError")<{ readonly cause: unknown }> {}

/** The API's failure. `error.code` is one of the operation's. */
export class ApiFailure<Code extends string> extends Data.TaggedError("ApiFailure")<{
  readonly error: ApiError<string>
}> {
  get code(): Code {
    return this.error.code as Code
  }
}

type Call<M extends Method> = <P extends PathOf<M>>(
  path: P,
  ...[input]: Rest<Input<M, P>>
) => Effect.Effect<Answer<M, P>, ApiFailure<CodeOf<M, P>> | ConnectionError>

export interface EffectClient {
  readonly get: Call<"get">
  readonly post: Call<"post">
  readonly put: Call<"put">
  readonly patch: Call<"patch">
  readonly delete: Call<"delete">
  readonly events: <P extends StreamPath>(
    path: P,
    ...[input]: Rest<StreamInput<P>>
  ) => Stream.Stream<EventOf<P>, ApiFailure<CodeOf<"get", P>> | ConnectionError>
}

const failed = (cause: unknown) =>
  cause instanceof ApiError ? new ApiFailure<string>({ error: cause }) : new ConnectionError({ cause })

/** The same client for users of Effect: a call that is interrupted is aborted. */
export const makeClient = (options: ClientOptions): EffectClient => {
  const client = createClient(options)
  const calling =
    (send: (path: never, input: never) => Promise<unknown>) =>
    (path: string, input: object = {}) =>
      Effect.tryPromise({ try: (signal) => send(path as never, { ...input, signal } as never), catch: failed })
  return {
    get: calling(client.get),
    post: calling(client.post),
    put: calling(client.put),
    patch: calling(client.patch),
    delete: calling(client.delete),
    events: (path: never, input: never) => Stream.fromAsyncIterable(client.events(path, input), failed)
  } as EffectClient
}
