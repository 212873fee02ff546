import type { Persona } from "./Personas.ts"
import type { Question, Reply } from "./Reply.ts"
import { html } from "./Reply.ts"

/** The parameters a sign-in began with; the token request must match them. */
export interface Grant {
  readonly persona: Persona
  readonly redirectUri: string
  readonly challenge: string | undefined
}

interface Application {
  readonly clientId: string
  readonly redirectUris: ReadonlyArray<string>
}

/** The query parameter that chooses the persona without a browser; `cancel` declines. */
export const personaParameter = "persona"

const escaped = (text: string) => text.replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`)

const page = (title: string, content: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>body{font:1rem/1.6 system-ui;max-width:32rem;margin:3rem auto;padding:0 1rem}li{margin:.5rem 0}</style>
</head>
<body>
<h1>${title}</h1>
${content}
</body>
</html>
`

const headers = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
  "x-frame-options": "DENY"
}

/** The first error in the query, as a sentence. */
const faultIn = (query: URLSearchParams, { clientId, redirectUris }: Application): string | undefined => {
  const once = (name: string) => (query.getAll(name).length === 1 ? (query.get(name) ?? "") : "")
  if (once("client_id") !== clientId) return "client_id is not the application's id"
  if (once("response_type") !== "code") return "response_type must be code"
  if (!redirectUris.includes(once("redirect_uri"))) return "redirect_uri is not registered for the application"
  if (once("scope") !== "identify") return "scope must be identify"
  if (once("state") === "") return "state is missing"
  if (query.has("prompt") && !["none", "consent"].includes(once("prompt"))) return "prompt must be none or consent"
  if (!query.has("code_challenge") && !query.has("code_challenge_method")) return undefined
  if (once("code_challenge_method") !== "S256") return "code_challenge_method must be S256"
  return /^[A-Za-z0-9_-]{43}$/.test(once("code_challenge"))
    ? undefined
    : "code_challenge must be a SHA-256 hash in base64url"
}

const choiceOf = (query: URLSearchParams, persona: string) => {
  const chosen = new URLSearchParams(query)
  chosen.set(personaParameter, persona)
  return `/oauth2/authorize?${chosen.toString()}`
}

const signInPage = (query: URLSearchParams, people: Iterable<Persona>) => {
  const links = Array.from(
    people,
    ({ id, label }) => `<li><a href="${escaped(choiceOf(query, id))}">Sign in as ${escaped(label)}</a></li>`
  )
  const cancel = `<p><a href="${escaped(choiceOf(query, "cancel"))}">Cancel</a></p>`
  return page("Simulated Discord", `<p>These people are not real.</p>\n<ul>\n${links.join("\n")}\n</ul>\n${cancel}`)
}

const backTo = (redirectUri: string, answer: Readonly<Record<string, string>>): Reply => {
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries(answer)) url.searchParams.append(name, value)
  return { status: 302, headers: { ...headers, location: url.href }, body: "" }
}

const refused = {
  error: "access_denied",
  error_description: "The resource owner or authorization server denied the request"
}

interface Door extends Application {
  readonly people: ReadonlyMap<string, Persona>
  /** Issues a code for the grant. */
  readonly issueCode: (grant: Grant) => string
  /** If given, sent as `iss`. */
  readonly issuer: string | undefined
}

/** `GET /oauth2/authorize`: the persona is chosen on the page, or by the parameter `persona`. */
export const authorize = ({ query }: Question, door: Door): Reply => {
  const fault = faultIn(query, door)
  if (fault !== undefined) return html(400, page("Invalid sign-in", `<p>${escaped(fault)}.</p>`), headers)
  const chosen = query.get(personaParameter)
  if (chosen === null) return html(200, signInPage(query, door.people.values()), headers)
  const redirectUri = query.get("redirect_uri") ?? ""
  const state = query.get("state") ?? ""
  if (chosen === "cancel") return backTo(redirectUri, { ...refused, state })
  const persona = door.people.get(chosen)
  if (persona === undefined) return html(400, page("Invalid sign-in", "<p>This persona does not exist.</p>"), headers)
  const code = door.issueCode({ persona, redirectUri, challenge: query.get("code_challenge") ?? undefined })
  return backTo(redirectUri, { code, state, ...(door.issuer === undefined ? {} : { iss: door.issuer }) })
}
