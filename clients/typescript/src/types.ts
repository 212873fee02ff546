import type { components, paths } from "./schema.ts"

type Method = "get" | "post" | "put" | "patch" | "delete"

/** The paths that have a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never
}[keyof paths]

type Operation<M extends Method, P extends keyof paths> = paths[P] extends Record<M, infer O> ? O : never

type Json<R> = R extends { content: { "application/json": infer J } } ? J : undefined

type Responses<O> = O extends { responses: infer R } ? R : never

type Success = 200 | 201 | 204

/** What an operation answers, undefined where it answers no body. */
export type Answer<M extends Method, P extends keyof paths> =
  Responses<Operation<M, P>> extends infer R ? { [S in keyof R & Success]: Json<R[S]> }[keyof R & Success] : never

type FailureBodies<R> = { [S in Exclude<keyof R, Success | 304>]: Json<R[S]> }[Exclude<keyof R, Success | 304>]

/** The codes of an operation's failures. */
export type CodeOf<M extends Method, P extends keyof paths> =
  FailureBodies<Responses<Operation<M, P>>> extends infer F
    ? F extends { error: { code: infer C extends string } }
      ? C
      : never
    : never

/** Every code of the API. */
export type ErrorCode = components["schemas"]["ErrorCode"]

type Given<O, Key extends string> = O extends { parameters: infer A }
  ? A extends { [K in Key]: infer V extends object }
    ? { readonly [K in Key]: V }
    : A extends { [K in Key]?: infer V }
      ? [Exclude<V, undefined>] extends [never]
        ? unknown
        : { readonly [K in Key]?: V }
      : unknown
  : unknown

type GivenBody<O> = O extends { requestBody: { content: { "application/json": infer B } } }
  ? { readonly body: B }
  : O extends { requestBody?: { content: { "application/json": infer B } } }
    ? { readonly body?: B }
    : unknown

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** What a call takes: path parameters, query and body as the document has them. */
export type Input<M extends Method, P extends keyof paths> = Given<Operation<M, P>, "path"> &
  Given<Operation<M, P>, "query"> &
  GivenBody<Operation<M, P>> &
  CallOptions

type EventBody<O> = O extends { responses: { 200: { content: { "text/event-stream": infer E } } } } ? E : never

/** The paths that answer a stream of events. */
export type StreamPath = {
  [P in PathOf<"get">]: [EventBody<Operation<"get", P>>] extends [never] ? never : P
}[PathOf<"get">]

/** An event of a stream, and where the stream would go on. */
export type EventOf<P extends StreamPath> = Readonly<EventBody<Operation<"get", P>>>

/** What a stream takes; `lastEventId` is the event after which it begins. */
export type StreamInput<P extends StreamPath> = Input<"get", P> & { readonly lastEventId?: string }

/** Optional where nothing is needed. */
export type Rest<I> = Partial<I> extends I ? [input?: I] : [input: I]

export type Schemas = components["schemas"]
export type { Method }
