import type { CookieJar } from "./cookies.ts"
import { type ApiError, failureOf, secondsOf } from "./errors.ts"
import { readEvents } from "./events.ts"
import type { Answer, CodeOf, EventOf, Input, Method, PathOf, Rest, StreamInput, StreamPath } from "./types.ts"
import type { CallOptions } from "./types.ts"

export { type CookieJar, memoryCookies } from "./cookies.ts"
export { ApiError, isApiError } from "./errors.ts"
export type { Answer, CallOptions, CodeOf, ErrorCode, EventOf, Input, PathOf, Rest, Schemas } from "./types.ts"
export type { StreamInput, StreamPath } from "./types.ts"

export interface ClientOptions {
  /** Scheme, host and port of the API: `https://api.example`. */
  readonly baseUrl: string
  /** A guild's key, for a program: it is sent instead of cookies and CSRF tokens. */
  readonly key?: string
  /** Where cookies are kept. Without it the browser keeps them. */
  readonly cookies?: CookieJar
  readonly fetch?: typeof fetch
  /** How often a read is sent again when the API is briefly unavailable (503); 2 without it. */
  readonly retries?: number
}

/** What a call answers. It knows the codes of its failures: see `attempt`. */
export type Call<A, Code extends string> = Promise<A> & { readonly codes?: Code }

type Send<M extends Method> = <P extends PathOf<M>>(
  path: P,
  ...[input]: Rest<Input<M, P>>
) => Call<Answer<M, P>, CodeOf<M, P>>

/** What Discord's page sent back to the app, in its query. */
export interface DiscordAnswer {
  readonly code: string
  readonly state: string
}

/** A finished sign-in. */
export interface SignedIn {
  /** The path in the app that the sign-in began with (`return_to`), if it did with one. */
  readonly returnTo: string | undefined
}

export interface Client {
  readonly get: Send<"get">
  readonly post: Send<"post">
  readonly put: Send<"put">
  readonly patch: Send<"patch">
  readonly delete: Send<"delete">
  /**
   * The callback of a sign-in. A page that is loaded again or twice may call it again: while another call is finishing the
   * same sign-in, this one waits a second for its cookies, up to `retries` times.
   */
  readonly finishSignIn: (answer: DiscordAnswer, options?: CallOptions) => Call<SignedIn, CodeOf<"post", typeof signIn>>
  /**
   * The events of a stream, their data parsed. It connects again when the connection ends, and goes on after the last
   * event, until the API says that the stream is over.
   */
  readonly events: <P extends StreamPath>(path: P, ...[input]: Rest<StreamInput<P>>) => AsyncIterable<EventOf<P>>
}

interface Asked extends CallOptions {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

interface AskedStream extends Asked {
  readonly lastEventId?: string
}

const signIn = "/api/v1/auth/discord/callback"
const csrf = "/api/v1/auth/csrf"

/** No longer than this is waited, whatever the API says. */
const longestWait = 10

const wait = (milliseconds: number, signal: AbortSignal | undefined) =>
  new Promise<void>((done, fail) => {
    const end = () => fail(signal?.reason)
    if (signal?.aborted) return end()
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end)
      done()
    }, milliseconds)
    signal?.addEventListener("abort", () => (clearTimeout(timer), end()), { once: true })
  })

const addressOf = (baseUrl: string, path: string, { path: params = {}, query = {} }: Asked) => {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""))
  const url = new URL(filled, baseUrl)
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
  return url
}

/** A client of one installation, for one person or for a program with a key. Every call answers what the API answered, or throws an `ApiError`. */
export const createClient = ({ baseUrl, key, cookies, retries = 2, ...options }: ClientOptions): Client => {
  const send = options.fetch ?? fetch
  let token: Promise<string | undefined> | undefined

  const once = async (method: string, url: URL, { body, signal, headers }: Asked, csrfToken?: string) => {
    const jar = key === undefined ? (cookies?.header() ?? "") : ""
    const response = await send(url, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(jar === "" ? {} : { cookie: jar }),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(csrfToken === undefined ? {} : { "x-csrf-token": csrfToken }),
        ...headers
      },
      credentials: key === undefined ? "include" : "omit",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal })
    })
    if (key === undefined) cookies?.store(response.headers.getSetCookie())
    return response
  }

  const retried = async (url: URL, asked: Asked) => {
    for (let left = retries; ; left -= 1) {
      const response = await once("GET", url, asked)
      if (response.status !== 503 || left <= 0) return response
      await wait(Math.min(secondsOf(response) ?? 1, longestWait) * 1000, asked.signal)
    }
  }

  /** Asked for once, and again when it is refused. Undefined for who is not signed in. */
  const tokenOf = () =>
    (token ??= once("GET", new URL(csrf, baseUrl), {}).then(
      (response) => response.headers.get("x-csrf-token") ?? undefined,
      (error: unknown) => {
        token = undefined
        throw error
      }
    ))

  const isRefusedToken = async (response: Response) => {
    if (response.status !== 403) return false
    const { code } = await failureOf(response.clone())
    return code === "auth.csrf_required" || code === "auth.csrf_invalid"
  }

  const changed = async (method: string, url: URL, asked: Asked) => {
    if (key !== undefined || url.pathname === signIn) {
      token = undefined
      return once(method, url, asked)
    }
    const used = tokenOf()
    const response = await once(method, url, asked, await used)
    if (response.status === 401 && token === used) token = undefined
    if (!(await isRefusedToken(response))) return response
    if (token === used) token = undefined
    return once(method, url, asked, await tokenOf())
  }

  const finishSignIn = async ({ code, state }: DiscordAnswer, options: CallOptions = {}): Promise<SignedIn> => {
    for (let left = retries; ; left -= 1) {
      const response = await changed("POST", new URL(signIn, baseUrl), { ...options, body: { code, state } })
      if (response.ok) return { returnTo: response.headers.get("x-return-to") ?? undefined }
      const error = await failureOf(response)
      if (error.code !== "auth.oauth_state_consumed" || left <= 0) throw error
      await wait(1000, options.signal)
    }
  }

  const calling =
    (method: string) =>
    async (path: string, asked: Asked = {}): Promise<unknown> => {
      const url = addressOf(baseUrl, path, asked)
      const response = await (method === "GET" ? retried(url, asked) : changed(method, url, asked))
      if (!response.ok) throw await failureOf(response)
      return response.status === 204 ? undefined : response.json()
    }

  async function* events(path: string, { lastEventId = "", signal, headers, ...input }: AskedStream = {}) {
    let id = lastEventId
    let pause = 1000
    for (;;) {
      const last = id === "" ? {} : { "last-event-id": id }
      const asked = { signal, headers: { ...headers, ...last, accept: "text/event-stream" } }
      const response = await once("GET", addressOf(baseUrl, path, input), asked).catch((error: unknown) => {
        if (signal?.aborted) throw error
        return undefined
      })
      if (response !== undefined) {
        // 204 is how a stream says that it is over.
        if (response.status === 204) return
        if (response.status !== 503 && (!response.ok || response.body === null)) throw await failureOf(response)
        pause = (secondsOf(response) ?? pause / 1000) * 1000
        if (response.ok && response.body !== null) {
          const open = readEvents(response.body, id)
          try {
            for await (const event of open.events) {
              // The replica stops: another one goes on.
              if (event.event === "reconnect") break
              id = event.id
              yield { ...event, data: JSON.parse(event.data) as unknown }
            }
          } catch (error) {
            if (signal?.aborted || !(error instanceof TypeError)) throw error
          }
          pause = open.retry() ?? pause
        }
      }
      await wait(pause, signal)
    }
  }

  return {
    get: calling("GET"),
    post: calling("POST"),
    put: calling("PUT"),
    patch: calling("PATCH"),
    delete: calling("DELETE"),
    finishSignIn,
    events
  } as unknown as Client
}

/** A call's answer or its failure, which knows its codes. Other errors (no connection, an abort) are still thrown. */
export const attempt = async <A, Code extends string>(
  call: Call<A, Code>
): Promise<{ readonly ok: true; readonly data: A } | { readonly ok: false; readonly error: ApiError<Code> }> => {
  try {
    return { ok: true, data: await call }
  } catch (error) {
    if (error instanceof Error && error.name === "ApiError") return { ok: false, error: error as ApiError<Code> }
    throw error
  }
}
