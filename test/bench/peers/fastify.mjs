import cookie from "@fastify/cookie"
import cors from "@fastify/cors"
import helmet from "@fastify/helmet"
import rateLimit from "@fastify/rate-limit"
import Fastify from "fastify"
import { Redis } from "ioredis"
import * as actions from "./actions.mjs"
import { checkCsrf, checkOrigin, envelope, hashOf, origin, Refusal, requestIdOf } from "./rules.mjs"

/* The usual stack at its best: Fastify with its own plugins, pg, and pino's lines as Fastify writes them. */

const { env } = process

const app = Fastify({
  // One line a request, as ours; Fastify's own would be two.
  logger: { level: "info", base: null },
  disableRequestLogging: true,
  genReqId: (request) => requestIdOf(request.headers["x-request-id"]),
  bodyLimit: 65_536
})

app.addHook("onRequest", (request, reply, done) => {
  reply.header("x-request-id", request.id)
  done()
})
app.addHook("onResponse", (request, reply, done) => {
  request.log.info(
    {
      request_id: request.id,
      method: request.method,
      route: request.routeOptions.url ?? "unmatched",
      status: reply.statusCode,
      duration_ms: Math.round(reply.elapsedTime)
    },
    "request"
  )
  done()
})

await app.register(cors, {
  origin,
  credentials: true,
  methods: ["GET", "POST", "PATCH", "DELETE"],
  allowedHeaders: ["content-type", "x-csrf-token"],
  exposedHeaders: ["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"],
  maxAge: 3600
})
await app.register(helmet, {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { "default-src": ["'none'"], "frame-ancestors": ["'none'"] }
  },
  referrerPolicy: { policy: "no-referrer" },
  hsts: false
})
await app.register(cookie)
await app.register(rateLimit, {
  redis: new Redis({ host: env.REDIS_HOST, port: Number(env.REDIS_PORT), password: env.REDIS_PASSWORD }),
  max: Number(env.RATE_LIMIT_REQUESTS),
  timeWindow: 60_000,
  nameSpace: "fastify:",
  enableDraftSpec: true,
  keyGenerator: (request) => {
    const token = request.cookies.session
    return token === undefined ? request.ip : hashOf("limit", token)
  }
})

app.setErrorHandler((error, request, reply) => {
  const status = error instanceof Refusal ? error.status : (error.statusCode ?? 500)
  if (status >= 500) request.log.error(error)
  const known = error instanceof Refusal ? error : new Refusal(status, "internal.error", "The request failed.")
  reply.code(status).send(envelope(known, request.id))
})

app.decorateRequest("session", null)

const whoOf = (request) => ({ id: request.id, ip: request.ip, userAgent: request.headers["user-agent"] ?? null })

const signedIn = async (request, reply) => {
  reply.header("cache-control", "no-store")
  const token = request.cookies.session
  if (!token) throw new Refusal(401, "auth.unauthorized", "Please sign in.")
  const unsafe = request.method !== "GET"
  if (unsafe) checkOrigin(request.headers)
  request.session = await actions.findSession(token, whoOf(request))
  if (unsafe) checkCsrf(request.session, token, request.headers["x-csrf-token"])
}

const asked = (request) => ({
  session: request.session,
  id: request.params.id,
  body: request.body,
  who: whoOf(request)
})

const text = { type: "string", minLength: 1, maxLength: 256 }
const fields = { name: text, realm: text, region: text, faction: text, game_version: text }
const guild = { body: { type: "object", properties: fields, required: Object.keys(fields) } }
const patch = { body: { type: "object", properties: fields } }

await app.register(
  async (api) => {
    api.get("/health", { config: { rateLimit: false } }, () => actions.health())
    api.get("/auth/session", { preHandler: signedIn }, async (request) => actions.getSession(asked(request)))
    api.get("/guilds", { preHandler: signedIn }, (request) => actions.listGuilds(asked(request)))
    api.get("/guilds/:id/members", { preHandler: signedIn }, (request) => actions.listMembers(asked(request)))
    api.get("/guilds/:id/characters", { preHandler: signedIn }, (request) => actions.listCharacters(asked(request)))
    api.get("/guilds/:id/roster", { preHandler: signedIn }, (request) => actions.getRoster(asked(request)))
    api.get("/characters/:id", { preHandler: signedIn }, (request) => actions.getCharacter(asked(request)))
    api.post("/guilds", { preHandler: signedIn, schema: guild }, (request, reply) => {
      reply.code(201)
      return actions.createGuild(asked(request))
    })
    api.patch("/guilds/:id", { preHandler: signedIn, schema: patch }, (request) => actions.updateGuild(asked(request)))
  },
  { prefix: "/api/v1" }
)

process.on("SIGTERM", () => process.exit(0))
await app.listen({ port: Number(env.APP_PORT), host: "127.0.0.1" })
