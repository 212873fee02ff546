import { createHash } from "node:crypto"
import type { Grant } from "./DiscordAuthorize.ts"
import type { Persona } from "./Personas.ts"
import type { Question, Reply } from "./Reply.ts"
import { basicOf, formOf, json } from "./Reply.ts"
import type { ClientCredentials } from "./Tokens.ts"
import { isClient, Tokens } from "./Tokens.ts"

const refusal = (error: string, description?: string) =>
  json(400, description === undefined ? { error } : { error, error_description: description })

const invalidClient = () => json(401, { error: "invalid_client" })

/** Seconds. */
const codeLife = 100
const accessLife = 604_800
const refreshLife = 365 * 86_400

const verifierFits = (verifier: string, challenge: string | undefined) =>
  /^[A-Za-z0-9._~-]{43,128}$/.test(verifier) && createHash("sha256").update(verifier).digest("base64url") === challenge

/** The refusal of a request whose client credentials are wrong or sent in both ways; undefined if they are valid. */
const clientFault = (question: Question, form: URLSearchParams, expected: ClientCredentials) => {
  const basic = basicOf(question)
  const inForm = form.has("client_id") || form.has("client_secret")
  if (question.headers["authorization"] !== undefined && inForm) {
    return refusal("invalid_request", "Client credentials were sent twice")
  }
  const id = basic?.id ?? form.get("client_id") ?? undefined
  const secret = basic?.secret ?? form.get("client_secret") ?? undefined
  return isClient(expected, id, secret) ? undefined : invalidClient()
}

/** Codes and tokens of the simulated Discord. */
export class DiscordGrants {
  private readonly client: ClientCredentials
  /** The error for a code or refresh token that is not good. */
  private readonly invalid: string
  private readonly codes: Tokens<Grant>
  private readonly access: Tokens<Persona>
  private readonly refresh: Tokens<Persona>

  constructor(client: ClientCredentials, now: () => number, olderRefusals = false) {
    this.client = client
    this.invalid = olderRefusals ? "invalid_request" : "invalid_grant"
    this.codes = new Tokens(now)
    this.access = new Tokens(now)
    this.refresh = new Tokens(now)
  }

  readonly issueCode = (grant: Grant) => this.codes.issue("simcode-", grant, codeLife)

  /** The persona that an access token belongs to. */
  personaOf(token: string | undefined) {
    return this.access.read(token)
  }

  /** Invalidates all access tokens and, without `keepRefresh`, all refresh tokens. */
  drop({ keepRefresh = false } = {}) {
    this.access.drop()
    if (!keepRefresh) this.refresh.drop()
  }

  token(question: Question): Reply {
    const form = formOf(question)
    if (form === undefined) return refusal("unsupported_grant_type", "Grant type None is not supported")
    const fault = clientFault(question, form, this.client)
    if (fault !== undefined) return fault
    switch (form.get("grant_type")) {
      case "authorization_code":
        return this.exchange(form)
      case "refresh_token":
        return this.rotate(form)
      default:
        return refusal("unsupported_grant_type", `Grant type ${form.get("grant_type") ?? "None"} is not supported`)
    }
  }

  revoke(question: Question): Reply {
    const form = formOf(question)
    if (form === undefined) return refusal("invalid_request", "The body must be a form")
    const fault = clientFault(question, form, this.client)
    if (fault !== undefined) return fault
    const token = form.get("token")
    if (token === null) return refusal("invalid_request", `Missing "token" in request.`)
    const owner = this.access.read(token) ?? this.refresh.read(token)
    const theirs = (persona: Persona) => persona.id === owner?.id
    this.access.drop(theirs)
    this.refresh.drop(theirs)
    return json(200, {})
  }

  private exchange(form: URLSearchParams): Reply {
    const grant = this.codes.take(form.get("code") ?? "")
    if (grant === undefined) return refusal(this.invalid, `Invalid "code" in request.`)
    if (form.get("redirect_uri") !== grant.redirectUri) {
      return refusal("invalid_request", `Invalid "redirect_uri" in request.`)
    }
    const verifier = form.get("code_verifier")
    if (grant.challenge !== undefined && verifier === null) {
      return refusal("invalid_request", `Missing "code_verifier"`)
    }
    if (verifier !== null && !verifierFits(verifier, grant.challenge)) {
      return refusal("invalid_request", `Invalid "code_verifier"`)
    }
    return this.grant(grant.persona)
  }

  private rotate(form: URLSearchParams): Reply {
    const persona = this.refresh.take(form.get("refresh_token") ?? "")
    return persona === undefined ? refusal(this.invalid, `Invalid "refresh_token" in request`) : this.grant(persona)
  }

  private grant(persona: Persona): Reply {
    return json(200, {
      access_token: this.access.issue("sim-access-", persona, accessLife),
      token_type: "Bearer",
      expires_in: accessLife,
      refresh_token: this.refresh.issue("sim-refresh-", persona, refreshLife),
      scope: persona.scope ?? "identify"
    })
  }
}
