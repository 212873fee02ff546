import { Effect, Ref, Stream } from "effect"
import {
  Cookies,
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  type HttpClientResponse,
  type HttpMethod
} from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { Api } from "../../src/Api.ts"
import type { DiscordSimulator } from "../../src/demo/simulators/Discord.ts"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { noteSecret } from "./canaries.ts"
import { TestApp } from "./TestApp.ts"

type Jar = Ref.Ref<ReadonlyArray<Cookies.Cookie>>

interface Options {
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  /** A literal body with its content type. */
  readonly text?: readonly [body: string, contentType: string]
}

/** The first event of a stream, as JSON; then the stream is left. */
const firstEvent = (response: HttpClientResponse.HttpClientResponse) =>
  response.stream.pipe(
    Stream.decodeText,
    Stream.splitLines,
    Stream.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)] as const),
    Stream.takeUntil(([name]) => name === "data"),
    Stream.runCollect,
    Effect.map((lines) => {
      const { id, event, data } = Object.fromEntries(lines)
      return `{"id":${JSON.stringify(id)},"event":${JSON.stringify(event)},"data":${data}}`
    })
  )

/** One person's browser: a cookie jar, the typed client and plain requests; unsafe ones send the CSRF token. */
export const openBrowser = Effect.fnUntraced(function* (at?: string, sharedJar?: Jar, discord?: DiscordSimulator) {
  const app = yield* TestApp
  const url = at ?? app.url
  const jar: Jar = sharedJar ?? (yield* Ref.make<ReadonlyArray<Cookies.Cookie>>([]))
  const cookie = (name: string) =>
    Effect.map(Ref.get(jar), (cookies) => cookies.find((cookie) => cookie.name === name)?.value)

  const withCsrf = (request: HttpClientRequest.HttpClientRequest) =>
    Effect.map(cookie("csrf"), (token) =>
      token === undefined || token === "" || request.headers["x-csrf-token"] !== undefined || request.method === "GET"
        ? request
        : HttpClientRequest.setHeader(request, "x-csrf-token", token)
    )
  const http = (yield* Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer)).pipe(
    HttpClient.mapRequest(HttpClientRequest.prependUrl(url)),
    HttpClient.mapRequestEffect(withCsrf),
    HttpClient.transformResponse(Effect.provideService(HttpClient.TracerPropagationEnabled, false)),
    HttpClient.withCookiesRef(jar),
    HttpClient.tap(({ cookies }) =>
      Effect.sync(() => Object.values(cookies.cookies).forEach(({ value }) => noteSecret(value)))
    )
  )
  const client = yield* HttpApiClient.makeWith(Api, { httpClient: http })

  /** Any request, also what the typed client would never send; a JSON body of the answer is parsed, of a stream its first event. */
  const send = Effect.fnUntraced(function* (method: HttpMethod.HttpMethod, path: string, options: Options = {}) {
    const plain = HttpClientRequest.make(method)(path).pipe(HttpClientRequest.setHeaders(options.headers ?? {}))
    const request =
      options.json !== undefined
        ? HttpClientRequest.bodyJsonUnsafe(plain, options.json)
        : options.text !== undefined
          ? HttpClientRequest.bodyText(plain, ...options.text)
          : plain
    const response = yield* http.execute(request)
    const type = response.headers["content-type"] ?? ""
    const text = yield* type === "text/event-stream" ? firstEvent(response) : response.text
    const json = type.startsWith("application/json") || type === "text/event-stream"
    const body = json && text !== "" ? JSON.parse(text) : text
    // A link to a plan is a secret of those who have it, and a key of those who made it.
    if (typeof body?.share?.token === "string") noteSecret(body.share.token)
    if (typeof body?.key?.token === "string") noteSecret(body.key.token)
    return {
      status: response.status,
      headers: response.headers,
      /** One line per cookie, as in the header. */
      setCookie: Cookies.toSetCookieHeaders(response.cookies).join("\n"),
      // oxlint-disable-next-line typescript/no-explicit-any -- a test says what it expects to find
      body: body as any
    }
  })

  /** Begins a sign-in and lets the persona consent at Discord; returns the code and state for the callback. */
  const authorize = Effect.fnUntraced(function* (persona: string, returnTo?: string) {
    const begun = yield* client.signIn.url({ query: returnTo === undefined ? {} : { return_to: returnTo } })
    const { code, state } = yield* (discord ?? app.discord).authorize(begun.url, persona)
    noteSecret(state!)
    return { code: code!, state: state! }
  })

  const signIn = (persona: string = personas.raider.id) =>
    Effect.flatMap(authorize(persona), (payload) => client.signIn.callback({ payload }))

  return { url, client, send, authorize, signIn, cookie, jar }
})
