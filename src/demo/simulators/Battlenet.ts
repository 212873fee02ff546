import { Effect } from "effect"
import type { Asked } from "./BattlenetDocuments.ts"
import { guildRoster } from "./BattlenetGuild.ts"
import { equipment, media, profile, realmIndex, specializations, status } from "./BattlenetDocuments.ts"
import { Quota } from "./Quota.ts"
import { type GameVersion, realmsOf } from "./Realms.ts"
import type { Question, Reply } from "./Reply.ts"
import { bearerOf, empty, json } from "./Reply.ts"
import type { Simulator, SimulatorOptions } from "./Simulator.ts"
import { simulator } from "./Simulator.ts"
import type { ClientCredentials } from "./Tokens.ts"
import { clientCredentialsFault, Tokens } from "./Tokens.ts"
import type { SimCharacter } from "./World.ts"
import { demoCharacters, sameName, World } from "./World.ts"

export interface BattlenetSimulator extends Simulator {
  /** For BNET_OAUTH_TOKEN_URL. */
  readonly tokenUrl: string
  /** For BNET_API_BASE_URL, where `{region}` is replaced by us, eu, kr or tw. */
  readonly apiBaseUrl: string
  /** Adds a character, or replaces the one with the same name. */
  readonly put: World["put"]
  readonly remove: World["remove"]
  /** Invalidates all tokens, so that the next call gets a 401. */
  readonly dropTokens: () => void
}

export interface BattlenetOptions extends SimulatorOptions, ClientCredentials {
  /** The demo's characters by default. */
  readonly characters?: ReadonlyArray<SimCharacter>
  /** The game whose namespaces are accepted; `classicann` by default. */
  readonly gameVersion?: GameVersion
  /** 100 by default. */
  readonly requestsPerSecond?: number
}

/** Seconds. */
const tokenLife = 86_399

const kind = { "content-type": "application/json;charset=UTF-8" }

const details: Readonly<Record<number, string>> = {
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  429: "Too Many Requests",
  500: "Internal Server Error",
  504: "Gateway Timeout"
}

const wording = (code: number): Reply | undefined => {
  const detail = details[code]
  // The real 500 is JSON too, but HTML from the edge is harder for a client, so that is what is sent.
  return detail === undefined || code === 500 ? undefined : refusal(code)
}

const refusal = (code: number) =>
  json(code, { code, type: `BLZWEBAPI00000${code}`, detail: details[code] ?? "Unknown" }, kind)

const found = (body: unknown) => (body === undefined ? refusal(404) : json(200, body, kind))

const token = (question: Question, options: ClientCredentials, tokens: Tokens<true>): Reply => {
  if (question.method !== "POST") {
    return json(400, { error: "invalid_request", error_description: `${question.method} method is not allowed` }, kind)
  }
  const fault = clientCredentialsFault(question, options)
  if (fault === "invalid_client") {
    return json(401, { error: fault, error_description: "Bad client credentials" }, kind)
  }
  if (fault !== undefined) return json(400, { error: fault }, kind)
  const access_token = tokens.issue("SIMEU", true, tokenLife)
  return json(200, { access_token, token_type: "bearer", expires_in: tokenLife, sub: options.clientId }, kind)
}

const documents: Readonly<Record<string, (character: SimCharacter, asked: Asked) => unknown>> = {
  "": profile,
  "/character-media": media,
  "/specializations": specializations,
  "/equipment": equipment,
  "/status": status
}

const characterPath = /^\/profile\/wow\/character\/([^/]+)\/([^/]+)(\/[a-z-]+)?$/

const decoded = (segment: string | undefined) => {
  try {
    return decodeURIComponent(segment ?? "")
  } catch {
    return ""
  }
}

const namespaceOf = (path: string, version: GameVersion, region: string) =>
  `${path.startsWith("/data/") && !path.startsWith("/data/wow/guild/") ? "dynamic" : "profile"}-${version === "retail" ? "" : `${version}-`}${region}`

interface Site {
  readonly origin: string
  readonly version: GameVersion
  readonly world: World
}

/** The answer of a region's API to a request with a valid token. */
const answerFor = ({ query }: Question, region: string, path: string, { origin, version, world }: Site): Reply => {
  if (query.get("namespace") !== namespaceOf(path, version, region)) return refusal(403)
  const asked = { host: `${origin}/${region}`, region, version, locale: query.get("locale") }
  if (path === "/data/wow/realm/index") return json(200, realmIndex(asked), kind)
  const [, guildRealm, guildName] = /^\/data\/wow\/guild\/([^/]+)\/([^/]+)\/roster$/.exec(path) ?? []
  if (guildRealm !== undefined) {
    const [slug, guild] = [decoded(guildRealm), decoded(guildName)]
    if (!realmsOf(region, version).some((known) => known.slug === slug)) return refusal(404)
    return found(guildRoster(world, guild, slug, asked))
  }
  const [, realm, name, part = ""] = characterPath.exec(path) ?? []
  const document = documents[part]
  if (realm === undefined || document === undefined) return refusal(404)
  const slug = decoded(realm)
  // Another game's realm is as unknown as one that no region has.
  if (!realmsOf(region, version).some((known) => known.slug === slug)) return refusal(404)
  const asName = decoded(name)
  const character = world.find(region, slug, asName)
  // Only the lower-case, composed form of a name is found.
  if (character === undefined || character.bnet === "unknown" || asName !== sameName(asName)) return refusal(404)
  return found(document(character, { ...asked, id: world.bnetId(character) }))
}

/** Battle.net: application tokens, and the profile and realm APIs of four regions under `/us`, `/eu`, `/kr`, `/tw`. */
export const battlenetSimulator = Effect.fnUntraced(function* (options: BattlenetOptions) {
  const now = options.now ?? Date.now
  const tokens = new Tokens<true>(now)
  const world = new World(options.characters ?? demoCharacters)
  const second = new Quota(options.requestsPerSecond ?? 100, 1, now)
  const version = options.gameVersion ?? "classicann"

  const base = yield* simulator({
    port: options.port,
    wording,
    answer: (question) => {
      const { path, rawPath, query, method, headers } = question
      if (path === "/token" || path === "/oauth/token") return token(question, options, tokens)
      const [, region, rest] = /^\/(us|eu|kr|tw)(\/.*)$/.exec(rawPath) ?? []
      if (region === undefined || rest === undefined || method !== "GET") return empty(404)
      // The real API answers a token in the query with an empty 404, not with an error body.
      if (query.has("access_token")) return empty(404)
      if (tokens.read(bearerOf(question)) === undefined) return refusal(401)
      if (second.left === 0) return refusal(429)
      second.spend(1)
      return answerFor(question, region, rest, { origin: `http://${String(headers["host"])}`, version, world })
    }
  })
  return {
    ...base,
    tokenUrl: `${base.url}/oauth/token`,
    apiBaseUrl: `${base.url}/{region}`,
    put: world.put,
    remove: world.remove,
    dropTokens: () => tokens.drop()
  } satisfies BattlenetSimulator as BattlenetSimulator
})
