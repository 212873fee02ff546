import { createHash } from "node:crypto"
import { Effect } from "effect"
import type { DiscordSimulator } from "../../../src/demo/simulators/Discord.ts"
import { discordSimulator } from "../../../src/demo/simulators/Discord.ts"
import { personas } from "../../../src/demo/simulators/Personas.ts"
import { basic, bodyOf, client, form, request } from "./requests.ts"

export const redirectUri = "http://localhost:4200/auth/discord/callback"
export const verifier = "v".repeat(43)
const challenge = createHash("sha256").update(verifier).digest("base64url")
export const agent = { "user-agent": "DiscordBot (https://example.org, 1.0)" }

export const started = discordSimulator({ ...client, redirectUris: [redirectUri] })

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly token_type?: string
  readonly expires_in?: number
  readonly scope?: string
}

export const authorizeUrl = (sim: DiscordSimulator, others: Readonly<Record<string, string | undefined>> = {}) => {
  const asked: Readonly<Record<string, string | undefined>> = {
    client_id: client.clientId,
    response_type: "code",
    redirect_uri: redirectUri,
    scope: "identify",
    state: "state-1",
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...others
  }
  const url = new URL(sim.authorizeUrl)
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) url.searchParams.set(name, value)
  return url.href
}

export const tokenUrl = (sim: DiscordSimulator) => `${sim.apiBaseUrl}/oauth2/token`

export const exchangeFields = (code: string | null) => ({
  grant_type: "authorization_code",
  code: code ?? "",
  redirect_uri: redirectUri,
  code_verifier: verifier
})

export const exchange = (sim: DiscordSimulator, fields: Readonly<Record<string, string>>) =>
  request(tokenUrl(sim), form(fields, { ...agent, ...basic() }))

export const signIn = Effect.fnUntraced(function* (sim: DiscordSimulator, id: string = personas.raider.id) {
  const { code } = yield* sim.authorize(authorizeUrl(sim), id)
  return bodyOf(yield* exchange(sim, exchangeFields(code))) as Tokens
})

export const me = (sim: DiscordSimulator, token: string, headers: Readonly<Record<string, string>> = agent) =>
  request(`${sim.apiBaseUrl}/users/@me`, { headers: { authorization: `Bearer ${token}`, ...headers } })
