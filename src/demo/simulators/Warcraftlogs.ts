import { Effect } from "effect"
import type { GraphQLFormattedError } from "graphql"
import { graphql } from "graphql"
import { Quota } from "./Quota.ts"
import type { Question, Reply } from "./Reply.ts"
import { bearerOf, empty, json, jsonOf } from "./Reply.ts"
import type { Simulator, SimulatorOptions } from "./Simulator.ts"
import { simulator } from "./Simulator.ts"
import type { ClientCredentials } from "./Tokens.ts"
import { clientCredentialsFault, Tokens } from "./Tokens.ts"
import { Refused, WarcraftlogsRoot } from "./WarcraftlogsRoot.ts"
import { warcraftlogsSchema } from "./WarcraftlogsSchema.ts"
import type { SimCharacter } from "./World.ts"
import { demoCharacters, World } from "./World.ts"
import { newestZone } from "./Zones.ts"

export interface WarcraftlogsSimulator extends Simulator {
  /** For WCL_OAUTH_TOKEN_URL. */
  readonly tokenUrl: string
  /** For WCL_ENDPOINT. */
  readonly endpoint: string
  /** Adds a character, or replaces the one with the same name. */
  readonly put: World["put"]
  readonly remove: World["remove"]
  /** Spends points of the hourly quota, as another user of the same key would. */
  readonly spend: (points: number) => void
  /** Invalidates all tokens, so that the next call gets a 401. */
  readonly dropTokens: () => void
}

export interface WarcraftlogsOptions extends SimulatorOptions, ClientCredentials {
  /** The demo's characters by default. */
  readonly characters?: ReadonlyArray<SimCharacter>
  /** 3600 by default. */
  readonly pointsPerHour?: number
  /** 300 by default. */
  readonly requestsPerMinute?: number
  /** The zone used for a query without `zoneID`; later zones are invalid. 1056 by default. */
  readonly newestZone?: number
  /** How many of a realm raid together. 25 by default. */
  readonly raidSize?: number
}

/** Seconds. */
const tokenLife = 31_104_000

const wording = (status: number) => {
  switch (status) {
    case 401:
      return json(401, { message: "Unauthenticated." })
    case 429:
      return json(429, { status: 429, error: "Too many requests." })
    default:
      return undefined
  }
}

const token = (question: Question, options: ClientCredentials, tokens: Tokens<true>): Reply => {
  const fault = clientCredentialsFault(question, options)
  if (fault === "invalid_client") {
    const sentence = "Client authentication failed"
    return json(401, { error: fault, error_description: sentence, message: sentence })
  }
  if (fault !== undefined) return json(400, { error: fault, message: "The grant or the request is not supported." })
  return json(200, {
    token_type: "Bearer",
    expires_in: tokenLife,
    access_token: tokens.issue("sim.wcl.", true, tokenLife)
  })
}

const formatted = ({ message, locations, path }: GraphQLFormattedError) => ({
  message,
  extensions: { category: "graphql" },
  ...(locations === undefined ? {} : { locations }),
  ...(path === undefined ? {} : { path })
})

interface GraphqlRequest {
  readonly query?: unknown
  readonly variables?: unknown
  readonly operationName?: unknown
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const execute = async (request: GraphqlRequest, rootValue: unknown) => {
  const { query, variables, operationName } = request
  if (typeof query !== "string") return { errors: [formatted({ message: `The request must hold a "query".` })] }
  const result = await graphql({
    schema: warcraftlogsSchema,
    source: query,
    rootValue,
    variableValues: isFields(variables) ? variables : null,
    operationName: typeof operationName === "string" ? operationName : null
  })
  const refused = result.errors?.find(({ originalError }) => originalError instanceof Refused)
  const { errors, data } = refused === undefined ? result : { errors: [refused], data: undefined }
  return {
    ...(errors === undefined ? {} : { errors: errors.map((error) => formatted(error.toJSON())) }),
    ...(data === undefined ? {} : { data })
  }
}

/** Warcraft Logs: application tokens and the GraphQL endpoint, with both quotas. */
export const warcraftlogsSimulator = Effect.fnUntraced(function* (options: WarcraftlogsOptions) {
  const now = options.now ?? Date.now
  const tokens = new Tokens<true>(now)
  const world = new World(options.characters ?? demoCharacters)
  const root = new WarcraftlogsRoot(world, options.newestZone ?? newestZone, options.raidSize)
  const points = new Quota(options.pointsPerHour ?? 3600, 3600, now)
  const requests = new Quota(options.requestsPerMinute ?? 300, 60, now)

  const tooMany = (error: string, quota: Quota) =>
    json(429, { status: 429, error }, { "retry-after": String(quota.resetsIn) })

  const query = async (question: Question): Promise<Reply> => {
    if (tokens.read(bearerOf(question)) === undefined) return json(401, { message: "Unauthenticated." })
    if (requests.left === 0) return tooMany("Too many requests.", requests)
    requests.spend(1)
    if (points.left === 0) return tooMany("You have exceeded your points for this hour.", points)
    const request = jsonOf(question)
    if (!isFields(request)) return json(400, { error: "The body must be a JSON object." })
    // Read before this request is charged, so the figure lags by one request, like the real one.
    const { limit: limitPerHour, spentSoFar: pointsSpentThisHour, resetsIn: pointsResetIn } = points
    const rateLimitData = () => ({ limitPerHour, pointsSpentThisHour, pointsResetIn })
    points.spend(1)
    return json(200, await execute(request, root.value({ spend: points.spend, rateLimitData })))
  }

  const limited = (reply: Reply): Reply => ({
    ...reply,
    headers: {
      ...reply.headers,
      "x-ratelimit-limit": String(requests.limit),
      "x-ratelimit-remaining": String(requests.left)
    }
  })

  const notAllowed = (method: string) => json(405, { message: `The ${method} method is not supported for this route.` })

  const base = yield* simulator({
    port: options.port,
    wording,
    answer: async (question) => {
      const { path, method } = question
      if (path !== "/oauth/token" && path !== "/api/v2/client") return empty(404)
      if (method !== "POST") return notAllowed(method)
      return path === "/oauth/token" ? token(question, options, tokens) : limited(await query(question))
    }
  })
  return {
    ...base,
    tokenUrl: `${base.url}/oauth/token`,
    endpoint: `${base.url}/api/v2/client`,
    put: world.put,
    remove: world.remove,
    spend: points.spend,
    dropTokens: () => tokens.drop()
  } satisfies WarcraftlogsSimulator as WarcraftlogsSimulator
})
