import manifest from "../../../package.json" with { type: "json" }
import { Pool } from "pg"
import { characterOf, detailOf, guildOf, memberOf, rosterOf, sessionOf } from "./answers.mjs"
import { checkSession, guildPatchOf, hashOf, idOf, newGuildOf, notFound, origin, Refusal } from "./rules.mjs"
import * as statements from "./statements.mjs"

const { env } = process

/** As many connections as our service has, and as little patience. */
const pool = new Pool({
  host: env.DB_HOST,
  port: Number(env.DB_PORT),
  user: env.DB_USER,
  password: env.DB_PASSWORD,
  database: env.DB_NAME,
  max: Number(env.DB_POOL_SIZE ?? 10),
  connectionTimeoutMillis: 1800,
  statement_timeout: 1500,
  lock_timeout: 1500
})
pool.on("error", () => {})

const ask = (statement, values, on = pool) => on.query({ ...statement, values }).then(({ rows }) => rows)

/** The live session behind a token, seen again when that is five minutes ago. `who` is {id, ip, userAgent}. */
export const findSession = async (token, who) => {
  const session = checkSession((await ask(statements.findSession, [hashOf("session", token)]))[0])
  if (session.stale) await ask(statements.touchSession, [who.ip, session.id, who.userAgent, who.id])
  return session
}

export const getSession = ({ session }) => sessionOf(session)

export const listGuilds = async ({ session }) => ({
  guilds: (await ask(statements.listGuilds, [session.user_id])).map((row) => guildOf(row, origin))
})

export const listMembers = async ({ session, id }) => {
  const rows = await ask(statements.listMembers, [session.user_id, idOf(id)])
  if (rows.length === 0) throw notFound("guild")
  return { members: rows.map(memberOf) }
}

export const listCharacters = async ({ session, id }) => {
  const rows = await ask(statements.listCharacters, [session.user_id, idOf(id)])
  if (rows.length === 0) throw notFound("guild")
  return { characters: rows.filter((row) => row.id !== null).map(characterOf) }
}

export const getRoster = async ({ session, id }) => {
  const rows = await ask(statements.listRoster, [session.user_id, idOf(id)])
  if (rows.length === 0) throw notFound("guild")
  return { roster: rosterOf(rows) }
}

export const getCharacter = async ({ session, id }) => {
  const [row] = await ask(statements.findCharacter, [idOf(id), session.user_id])
  if (row === undefined) throw notFound("character")
  return { character: detailOf(row) }
}

export const createGuild = async ({ session, body, who }) => {
  const guild = newGuildOf(body)
  const rows = await ask(statements.createGuild, [
    ...Object.values(guild),
    session.user_id,
    who.ip,
    who.userAgent,
    who.id
  ])
  return { guild: guildOf(rows[0], origin) }
}

export const updateGuild = async ({ session, id, body, who }) => {
  const patch = guildPatchOf(body)
  const { name = null, realm = null, region = null, faction = null, game_version: version = null } = patch
  const asked = [idOf(id), session.user_id]
  const client = await pool.connect()
  let failure
  try {
    await client.query("begin")
    await ask(statements.lockGuild, asked, client)
    const [row] = await ask(
      statements.updateGuild,
      [...asked, name, realm, region, faction, version, who.ip, who.userAgent, who.id, JSON.stringify(patch)],
      client
    )
    await client.query("commit")
    if (row === undefined) throw notFound("guild")
    if (row.caller_role !== "admin") throw new Refusal(403, "guild.admin_required", "Only an admin may do this.")
    return { guild: guildOf(row, origin) }
  } catch (error) {
    if (!(error instanceof Refusal)) failure = error
    throw error
  } finally {
    // A connection that failed inside a transaction is not used again.
    client.release(failure)
  }
}

export const health = () => ({ status: "ok", service: "app", version: manifest.version, revision: "unknown" })
