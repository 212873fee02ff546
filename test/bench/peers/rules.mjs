import { createHmac, randomUUID, timingSafeEqual } from "node:crypto"

/* What both peers owe besides speaking HTTP: the rules of our service, in the plainest way. */

const { env } = process
export const origin = env.FRONTEND_BASE_URL

/** An answer that is no success. */
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message)
    this.status = status
    this.code = code
  }
}

export const envelope = ({ code, message }, id) => ({ error: { code, message, request_id: id, details: {} } })

const mac = (domain, message, encoding) =>
  createHmac("sha256", env.SESSION_HMAC_SECRET).update(`${domain}:${message}`).digest(encoding)

export const hashOf = (domain, token) => mac(domain, token, "base64")

const same = (a, b) => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

export const checkSession = (row) => {
  if (row === undefined || row.deleted) throw new Refusal(401, "auth.unauthorized", "Please sign in.")
  if (row.revoked) throw new Refusal(401, "auth.session_revoked", "This session was ended. Please sign in again.")
  if (row.expired) throw new Refusal(401, "auth.session_expired", "This session has expired. Please sign in again.")
  if (row.relogin_required) throw new Refusal(401, "auth.relogin_required", "Discord asks you to sign in again.")
  return row
}

export const checkCsrf = (row, token, header) => {
  if (!header) throw new Refusal(403, "auth.csrf_required", "The X-CSRF-Token header is missing.")
  if (!same(header, mac("csrf-token", token, "base64url")) && !same(hashOf("csrf", header), row.csrf_token_hash))
    throw new Refusal(403, "auth.csrf_invalid", "The X-CSRF-Token header does not match this session.")
}

export const checkOrigin = (headers) => {
  if ((headers.origin !== undefined && headers.origin !== origin) || headers["sec-fetch-site"] === "cross-site")
    throw new Refusal(403, "auth.origin_forbidden", "This request came from a page that may not make it.")
}

export const requestIdOf = (given) =>
  given !== undefined && /^[A-Za-z0-9._-]{8,128}$/.test(given) ? given : randomUUID()

export const notFound = (what) => new Refusal(404, `${what}.not_found`, "It was not found.")

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export const idOf = (text) => {
  if (!uuid.test(text)) throw new Refusal(400, "validation.invalid_request", "The request could not be understood.")
  return text
}

const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u{202A}-\u{202E}\u{2066}-\u{2069}]/u
const visible = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u{2800}]/u
const values = {
  region: new Set(["us", "eu", "kr", "tw", "cn"]),
  faction: new Set(["alliance", "horde"]),
  game_version: new Set(["classic1x", "classic", "classicann"])
}

const fieldOf = (name, value) => {
  if (typeof value === "string") {
    const known = values[name]
    const kept = known === undefined ? value.normalize("NFC").trim() : value.toLowerCase()
    const good =
      known === undefined ? [...kept].length <= 64 && visible.test(kept) && !unprintable.test(kept) : known.has(kept)
    if (good) return kept
  }
  throw new Refusal(400, "guild.validation_failed", "The guild's details are not valid.")
}

const names = ["name", "realm", "region", "faction", "game_version"]

export const newGuildOf = (body) => Object.fromEntries(names.map((name) => [name, fieldOf(name, body?.[name])]))

export const guildPatchOf = (body) =>
  Object.fromEntries(names.filter((name) => body[name] !== undefined).map((name) => [name, fieldOf(name, body[name])]))
