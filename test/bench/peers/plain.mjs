import { writeSync } from "node:fs"
import { createServer } from "node:http"
import { Redis } from "ioredis"
import * as actions from "./actions.mjs"
import { checkCsrf, checkOrigin, envelope, hashOf, origin, Refusal, requestIdOf } from "./rules.mjs"

/* The practical limit: node:http, pg and ioredis with the duties of our service written by hand, and nothing else. */

const { env } = process
const limit = Number(env.RATE_LIMIT_REQUESTS)
const windowMs = 60_000

const redis = new Redis({ host: env.REDIS_HOST, port: Number(env.REDIS_PORT), password: env.REDIS_PASSWORD })
redis.defineCommand("countRequest", {
  numberOfKeys: 1,
  lua: `
    local used = redis.call("incr", KEYS[1])
    if used == 1 then redis.call("pexpire", KEYS[1], ARGV[1]) end
    return {used, redis.call("pttl", KEYS[1])}`
})

let lines = ""
let count = 0
const flush = () => {
  if (lines !== "") writeSync(1, lines)
  lines = ""
  count = 0
}
setInterval(flush, 100).unref()
process.on("exit", flush)
process.on("SIGTERM", () => process.exit(0))

const log = (id, method, route, status, started) => {
  const now = Date.now()
  lines += `{"message":"request","level":"INFO","timestamp":"${new Date(now).toISOString()}","request_id":"${id}","method":"${method}","route":"${route}","status":${status},"duration_ms":${now - started}}\n`
  if ((count += 1) === 64) flush()
}

const tokenOf = (header) => {
  let token
  for (const pair of (header ?? "").split(";")) {
    const at = pair.indexOf("=")
    if (at > 0 && pair.slice(0, at).trim() === "session") {
      const value = pair.slice(at + 1).trim()
      if (token !== undefined && token !== value) return undefined
      token = value
    }
  }
  return token === "" ? undefined : token
}

const bodyOf = async (request) => {
  if (!/^application\/json(\s*;\s*charset\s*=\s*"?utf-8"?)?\s*$/i.test(request.headers["content-type"] ?? ""))
    throw new Refusal(415, "request.unsupported_media_type", "The request body must be JSON in UTF-8.")
  const chunks = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > 65_536) throw new Refusal(413, "request.too_large", "The request is too large.")
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"))
  } catch {
    throw new Refusal(400, "validation.invalid_request", "The request could not be understood.")
  }
}

const base = "/api/v1"
const fixed = new Map([
  [`GET ${base}/health`, { route: `${base}/health`, run: actions.health, free: true, status: 200 }],
  [`GET ${base}/auth/session`, { route: `${base}/auth/session`, run: actions.getSession, status: 200 }],
  [`GET ${base}/guilds`, { route: `${base}/guilds`, run: actions.listGuilds, status: 200 }],
  [`POST ${base}/guilds`, { route: `${base}/guilds`, run: actions.createGuild, status: 201 }]
])
const shaped = [
  { method: "GET", pattern: /^\/api\/v1\/guilds\/([^/]+)\/members$/, run: actions.listMembers },
  { method: "GET", pattern: /^\/api\/v1\/guilds\/([^/]+)\/characters$/, run: actions.listCharacters },
  { method: "GET", pattern: /^\/api\/v1\/guilds\/([^/]+)\/roster$/, run: actions.getRoster },
  { method: "GET", pattern: /^\/api\/v1\/characters\/([^/]+)$/, run: actions.getCharacter },
  { method: "PATCH", pattern: /^\/api\/v1\/guilds\/([^/]+)$/, run: actions.updateGuild }
].map((one) => ({
  ...one,
  status: 200,
  route: one.pattern.source.replaceAll("\\", "").replace("([^/]+)", ":id").slice(1, -1)
}))

const find = (method, path) => {
  const known = fixed.get(`${method} ${path}`)
  if (known !== undefined) return known
  for (const one of shaped) {
    const match = one.method === method ? one.pattern.exec(path) : null
    if (match !== null) return { ...one, id: match[1] }
  }
  return undefined
}

const every = [
  "content-type",
  "application/json",
  "x-content-type-options",
  "nosniff",
  "referrer-policy",
  "no-referrer",
  "content-security-policy",
  "default-src 'none'; frame-ancestors 'none'",
  "cache-control",
  "no-store",
  "vary",
  "Origin"
]
const cors = [
  "access-control-allow-origin",
  origin,
  "access-control-allow-credentials",
  "true",
  "access-control-expose-headers",
  "x-request-id, retry-after, ratelimit, ratelimit-policy"
]

const answer = async (request, found, who, headers) => {
  if (found === undefined) throw new Refusal(404, "route.not_found", "There is nothing at this address.")
  if (found.free) return found.run()
  const token = tokenOf(request.headers.cookie)
  const whom = token === undefined ? who.ip : hashOf("limit", token)
  const [used, resetMs] = await redis.countRequest(`plain:${whom}`, windowMs)
  headers.push("ratelimit-policy", `"requests";q=${limit};w=60`)
  headers.push("ratelimit", `"requests";r=${Math.max(limit - used, 0)};t=${Math.ceil(resetMs / 1000)}`)
  if (used > limit) throw new Refusal(429, "rate_limit.exceeded", "Too many requests. Please wait and try again.")
  const unsafe = request.method !== "GET"
  if (unsafe) checkOrigin(request.headers)
  if (token === undefined) throw new Refusal(401, "auth.unauthorized", "Please sign in.")
  const session = await actions.findSession(token, who)
  if (unsafe) checkCsrf(session, token, request.headers["x-csrf-token"])
  return found.run({ session, id: found.id, who, body: unsafe ? await bodyOf(request) : undefined })
}

const server = createServer(async (request, response) => {
  const started = Date.now()
  const { method } = request
  const id = requestIdOf(request.headers["x-request-id"])
  const who = { id, ip: request.socket.remoteAddress ?? null, userAgent: request.headers["user-agent"] ?? null }
  const headers = [...every, "x-request-id", id]
  if (request.headers.origin === origin) headers.push(...cors)
  const found = find(method, request.url.split(/[?#]/, 1)[0])
  let status = found?.status ?? 404
  let body
  try {
    body = JSON.stringify(await answer(request, found, who, headers))
  } catch (error) {
    const known = error instanceof Refusal
    if (!known) process.stderr.write(`${error?.stack}\n`)
    const refusal = known ? error : new Refusal(500, "internal.error", "Something went wrong on our side.")
    status = refusal.status
    body = JSON.stringify(envelope(refusal, id))
  }
  headers.push("content-length", String(Buffer.byteLength(body)))
  response.writeHead(status, headers)
  response.end(body)
  log(id, method, found?.route ?? "unmatched", status, started)
})

server.listen(Number(env.APP_PORT), "127.0.0.1")
