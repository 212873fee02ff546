import { betterAuth } from "better-auth"
import { getMigrations } from "better-auth/db/migration"
import { fromNodeHeaders } from "better-auth/node"
import Fastify from "fastify"
import { Pool } from "pg"

/*
 * What many would pick for the session alone: better-auth's own look-up in PostgreSQL, behind Fastify, without its
 * cookie cache (a revoked session must be refused at once) and without any other duty. Its tables lie in a schema of
 * their own. Ids and tokens are made from numbers, so that the benchmark knows a cookie of each.
 */

const { env } = process
const users = Number(env.BENCH_USERS)

const pool = new Pool({
  host: env.DB_HOST,
  port: Number(env.DB_PORT),
  user: env.DB_USER,
  password: env.DB_PASSWORD,
  database: env.DB_NAME,
  max: Number(env.DB_POOL_SIZE ?? 10),
  options: "-c search_path=better_auth"
})

const options = {
  database: pool,
  secret: env.SESSION_HMAC_SECRET,
  baseURL: `http://127.0.0.1:${env.APP_PORT}`,
  emailAndPassword: { enabled: true },
  session: { expiresIn: 90 * 86_400, updateAge: 86_400 },
  telemetry: { enabled: false }
}

await pool.query("drop schema if exists better_auth cascade")
await pool.query("create schema better_auth")
await (await getMigrations(options)).runMigrations()
await pool.query(`insert into "user" (id, name, email, "emailVerified", image, "createdAt", "updatedAt")
  select 'user-' || n, 'user' || n, 'user' || n || '@app.test', true, 'https://cdn.discordapp.com/avatars/' || n || '.png', now(), now()
  from generate_series(1, ${users}) n`)
await pool.query(`insert into session (id, token, "userId", "expiresAt", "ipAddress", "userAgent", "createdAt", "updatedAt")
  select 'session-' || n, lpad(n::text, 32, '0'), 'user-' || n, now() + interval '89 days 23 hours', '127.0.0.1', 'bench', now(), now()
  from generate_series(1, ${users}) n`)
await pool.query("analyze")

const auth = betterAuth(options)
const app = Fastify()
app.get("/api/v1/auth/session", async (request, reply) => {
  const session = await auth.api.getSession({ headers: fromNodeHeaders(request.headers) })
  const id = request.headers["x-request-id"]
  if (id !== undefined) reply.header("x-request-id", id)
  if (session === null) reply.code(401)
  return session ?? { error: "unauthorized" }
})

process.on("SIGTERM", () => process.exit(0))
await app.listen({ port: Number(env.APP_PORT), host: "127.0.0.1" })
