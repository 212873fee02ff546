import { Effect } from "effect"
import { authorize as authorizePage, personaParameter } from "./DiscordAuthorize.ts"
import { DiscordGrants } from "./DiscordGrants.ts"
import type { Persona } from "./Personas.ts"
import { personas as demoPersonas } from "./Personas.ts"
import type { Question, Reply } from "./Reply.ts"
import { bearerOf, html, json, userAgentOf } from "./Reply.ts"
import type { Simulator, SimulatorOptions } from "./Simulator.ts"
import { simulator, SimulatorFailed } from "./Simulator.ts"
import type { ClientCredentials } from "./Tokens.ts"

/** Where the browser ended up after the choice on the sign-in page. */
export interface SignIn {
  /** The application's redirect URL with Discord's answer in the query. */
  readonly url: string
  readonly code: string | null
  readonly state: string | null
  readonly error: string | null
}

export interface DiscordSimulator extends Simulator {
  /** For DISCORD_API_BASE_URL. */
  readonly apiBaseUrl: string
  /** For DISCORD_AUTHORIZE_URL. */
  readonly authorizeUrl: string
  readonly addPersona: (persona: Persona) => void
  /**
   * Opens an authorize URL as a browser would and chooses the persona with the given id, or `"cancel"`.
   * Fails if the page refuses the URL.
   */
  readonly authorize: (authorizeUrl: string, personaId: string) => Effect.Effect<SignIn, SimulatorFailed>
  /** Invalidates all tokens, as if the users had removed the application. */
  readonly dropTokens: (options?: { readonly keepRefresh?: boolean }) => void
}

export interface DiscordOptions extends SimulatorOptions, ClientCredentials {
  readonly redirectUris: ReadonlyArray<string>
  /** The demo's personas by default. */
  readonly personas?: ReadonlyArray<Persona>
  /** Refuses codes and refresh tokens as Discord did earlier: `invalid_request`. */
  readonly olderRefusals?: boolean
  /** If given, sent as `iss` with every code. */
  readonly issuer?: string
}

const notice = (status: number, message: string) => json(status, { message, code: 0 })

const wording = (status: number, retryAfter: number | undefined) => {
  switch (status) {
    case 401:
      return notice(401, "401: Unauthorized")
    case 403:
      return notice(403, "403: Forbidden")
    case 429:
      return json(
        429,
        { message: "You are being rate limited.", retry_after: (retryAfter ?? 1) - 0.43, global: false },
        { "x-ratelimit-scope": "user" }
      )
    default:
      return undefined
  }
}

const limits = {
  "x-ratelimit-limit": "5",
  "x-ratelimit-remaining": "4",
  "x-ratelimit-reset-after": "1",
  "x-ratelimit-bucket": "sim0bucketme"
}

const profile = (question: Question, grants: DiscordGrants): Reply => {
  const persona = grants.personaOf(bearerOf(question))
  if (persona === undefined) return notice(401, "401: Unauthorized")
  if (persona.scope !== undefined && !persona.scope.split(" ").includes("identify")) {
    return json(403, { message: "Missing Access", code: 50001 })
  }
  return typeof persona.profile === "string"
    ? { ...json(200, null, limits), body: persona.profile }
    : json(200, persona.profile, limits)
}

const edgeBlock = () =>
  html(403, "<html><head><title>Attention Required!</title></head><body>Sorry, you have been blocked</body></html>")

const routes: Readonly<Record<string, readonly [method: string, handle: (q: Question, g: DiscordGrants) => Reply]>> = {
  "/api/v10/oauth2/token": ["POST", (question, grants) => grants.token(question)],
  "/api/v10/oauth2/token/revoke": ["POST", (question, grants) => grants.revoke(question)],
  "/api/v10/users/@me": ["GET", profile]
}

const api = (question: Question, grants: DiscordGrants): Reply => {
  if (!userAgentOf(question).startsWith("DiscordBot (")) return edgeBlock()
  const [method, handle] = routes[question.path] ?? []
  if (handle === undefined) return notice(404, "404: Not Found")
  return question.method === method ? handle(question, grants) : notice(405, "405: Method Not Allowed")
}

const redirectOf = async (authorizeUrl: string, personaId: string): Promise<SignIn> => {
  const url = new URL(authorizeUrl)
  url.searchParams.set(personaParameter, personaId)
  const response = await fetch(url, { redirect: "manual" })
  const location = response.headers.get("location")
  if (location === null) throw new Error(`Discord refused the sign-in: ${response.status} ${await response.text()}`)
  const { searchParams } = new URL(location)
  return {
    url: location,
    code: searchParams.get("code"),
    state: searchParams.get("state"),
    error: searchParams.get("error")
  }
}

/** Discord's sign-in: authorize page, token, revocation and profile endpoints. */
export const discordSimulator = Effect.fnUntraced(function* (options: DiscordOptions) {
  const grants = new DiscordGrants(options, options.now ?? Date.now, options.olderRefusals)
  const people = new Map((options.personas ?? Object.values(demoPersonas)).map((persona) => [persona.id, persona]))
  const door = { ...options, people, issueCode: grants.issueCode, issuer: options.issuer }
  const base = yield* simulator({
    port: options.port,
    wording,
    answer: (question) =>
      question.method === "GET" && question.path === "/oauth2/authorize"
        ? authorizePage(question, door)
        : question.path.startsWith("/api/")
          ? api(question, grants)
          : notice(404, "404: Not Found")
  })
  return {
    ...base,
    apiBaseUrl: `${base.url}/api/v10`,
    authorizeUrl: `${base.url}/oauth2/authorize`,
    addPersona: (persona) => void people.set(persona.id, persona),
    authorize: (authorizeUrl, personaId) =>
      Effect.tryPromise({
        try: () => redirectOf(authorizeUrl, personaId),
        catch: (cause) => new SimulatorFailed({ message: cause instanceof Error ? cause.message : String(cause) })
      }),
    dropTokens: (options) => grants.drop(options)
  } satisfies DiscordSimulator as DiscordSimulator
})
