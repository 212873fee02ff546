import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { createDatabase, embeddedPostgres } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { embeddedRedis } from "../../src/demo/servers/EmbeddedRedis.ts"
import { battlenetSimulator } from "../../src/demo/simulators/Battlenet.ts"
import { discordSimulator, type DiscordSimulator } from "../../src/demo/simulators/Discord.ts"
import { profileOf } from "../../src/demo/simulators/Personas.ts"
import { warcraftlogsSimulator } from "../../src/demo/simulators/Warcraftlogs.ts"
import { details } from "../support/people.ts"
import { environment } from "../support/environment.ts"
import { startReplica, variablesOf } from "../support/TestApp.ts"

const client = { clientId: environment.DISCORD_CLIENT_ID, clientSecret: environment.DISCORD_CLIENT_SECRET }
const seededGuild = "a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae"
const plenty = 1_000_000_000

/** Its own servers, providers that never refuse, and the variables that point a service to them. */
export const startServers = Effect.gen(function* () {
  const postgres = yield* embeddedPostgres({})
  const redis = yield* embeddedRedis()
  yield* createDatabase(postgres, "fuzz")
  const discord = yield* discordSimulator({ ...client, redirectUris: [environment.DISCORD_REDIRECT_URL] })
  const warcraftlogs = yield* warcraftlogsSimulator({ ...client, pointsPerHour: plenty, requestsPerMinute: plenty })
  const battlenet = yield* battlenetSimulator({ ...client, requestsPerSecond: plenty })
  const variables = {
    ...variablesOf(discord, warcraftlogs, battlenet),
    DB_PORT: String(postgres.port),
    DB_USER: postgres.user,
    DB_PASSWORD: Redacted.value(postgres.password),
    DB_NAME: "fuzz",
    REDIS_PORT: String(redis.port),
    REDIS_PASSWORD: Redacted.value(redis.password),
    RUN_DB_SEEDS: "true",
    LOG_LEVEL: "Error"
  }
  const forgetCalls = () => [discord, warcraftlogs, battlenet].forEach(({ calls }) => calls.reset())
  return { postgres, discord, variables, forgetCalls }
})

/** The service on these servers. */
export const startService = Effect.gen(function* () {
  const { postgres, discord, variables, forgetCalls } = yield* startServers
  const url = yield* startReplica(variables)
  const database = PgClient.layer({
    host: postgres.host,
    port: postgres.port,
    username: postgres.user,
    password: postgres.password,
    database: "fuzz",
    maxConnections: 2
  })
  const sql = Context.get(yield* Layer.build(database), SqlClient.SqlClient)
  return { url, sql, discord, forgetCalls }
})

export interface Person {
  readonly discordId: string
  session: string
  csrf: string
  /** Set while this person signs in again. */
  renewal: Promise<void> | undefined
}

/** The people and ids that the requests of one round can use. */
export interface World {
  /** Keys of guilds: with every scope, with one, one that was revoked and one that has ended; and what is none. */
  readonly keys: ReadonlyArray<string>
  readonly people: ReadonlyArray<Person>
  /** Ids that exist, by the name of the path parameter. */
  readonly known: Readonly<Record<string, ReadonlyArray<string>>>
}

const cookiesOf = (response: Response) =>
  Object.fromEntries(
    response.headers.getSetCookie().map((line) => line.split(";", 1)[0]!.split("=") as [string, string])
  )

/** Signs a person in, again whenever the session has ended: a fuzzer also logs people out. */
export const signIn = async (url: string, discord: DiscordSimulator, person: Person) => {
  const begun = await fetch(`${url}/api/v1/auth/discord/url`)
  if (!begun.ok) throw new Error(`Sign-in answered ${begun.status}: ${await begun.text()}`)
  const { oauth_browser: browser } = cookiesOf(begun)
  const { url: page } = (await begun.json()) as { url: string }
  const { code, state } = await Effect.runPromise(discord.authorize(page, person.discordId))
  const response = await fetch(`${url}/api/v1/auth/discord/callback`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie: `oauth_browser=${browser}` },
    body: JSON.stringify({ code, state })
  })
  if (response.status !== 204) throw new Error(`Sign-in answered ${response.status}: ${await response.text()}`)
  const { session = "", csrf = "" } = cookiesOf(response)
  Object.assign(person, { session, csrf })
}

const ask = async (url: string, { session, csrf }: Person, method: string, path: string, body?: unknown) => {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      cookie: `session=${session}`,
      "x-csrf-token": csrf,
      ...(body === undefined ? {} : { "content-type": "application/json" })
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`)
  // oxlint-disable-next-line typescript/no-explicit-any -- only its ids are read
  return (await response.json()) as any
}

let nextId = 920_000_000_000_000_000n
let guests: ReadonlyArray<string> = []

/** Four new people with guilds of their own and membership in the seeded one: every round starts alike. */
export const newWorld = async ({ url, sql, discord, forgetCalls }: Effect.Success<typeof startService>) => {
  forgetCalls()
  const people = Array.from({ length: 4 }, (): Person => {
    const id = String((nextId += 1n))
    discord.addPersona({ id, label: id, profile: profileOf({ id, username: `user-${id}`, globalName: null }) })
    return { discordId: id, session: "", csrf: "", renewal: undefined }
  })
  // Each has a second session, which the first can end.
  const elsewhere = people.map((person) => ({ ...person }))
  await Promise.all([...people, ...elsewhere].map((person) => signIn(url, discord, person)))
  const [admin, officer, raider] = people as [Person, Person, Person, Person]
  const sessions = await Promise.all(people.map((person) => ask(url, person, "GET", "/auth/session")))
  const others = await Promise.all(elsewhere.map((person) => ask(url, person, "GET", "/auth/session")))
  const users = sessions.map(({ user }) => String(user.id))
  const found = async () => {
    const { guild } = await ask(url, admin, "POST", "/guilds", details)
    const { invite } = await ask(url, admin, "POST", `/guilds/${guild.id}/invites`, {})
    for (const person of [officer, raider]) await ask(url, person, "POST", `/guild-invites/${invite.code}/accept`)
    await ask(url, admin, "PATCH", `/guilds/${guild.id}/members/${users[1]}`, { role: "officer" })
    return { guild: String(guild.id), invite: String(invite.code) }
  }
  // Several, because requests delete them.
  const guilds = await Promise.all(Array.from({ length: 6 }, found))
  const mage = { region: "eu", server: "Spineshatter", class: "Mage", race: "Troll", spec: "Frost" }
  const list = ["Aba", "Abb"].map((name) => ({ name, characters: [{ ...mage, name }] }))
  await ask(url, admin, "POST", `/guilds/${guilds[0]!.guild}/roster/import`, list)
  const { roster } = await ask(url, admin, "GET", `/guilds/${guilds[0]!.guild}/roster`)
  interface Listed {
    readonly id: string
    readonly characters: ReadonlyArray<{ readonly entry_id: string }>
  }
  const players = (roster.players as ReadonlyArray<Listed>).filter(({ characters }) => characters.length > 0)
  const entries = players.flatMap((player) => player.characters.map(({ entry_id }) => entry_id))
  const planned = async () => {
    const raids = [{ title: "Raid", size: 10 }]
    const { plan } = await ask(url, admin, "POST", `/guilds/${guilds[0]!.guild}/plans`, { title: "Plan", raids })
    const { share } = await ask(url, admin, "POST", `/plans/${plan.id}/shares`, {})
    return { plan: String(plan.id), share: String(share.id), token: String(share.token) }
  }
  const plans = await Promise.all(Array.from({ length: 4 }, planned))
  const characters = await Effect.runPromise(
    Effect.gen(function* () {
      yield* sql`update guilds set deleted_at = null where id = ${seededGuild}`
      if (guests.length > 0)
        yield* sql`delete from guild_memberships where guild_id = ${seededGuild} and user_id in ${sql.in(guests)}`
      guests = users
      for (const user of users.slice(0, 3)) {
        yield* sql`insert into guild_memberships (guild_id, user_id, role) values (${seededGuild}, ${user}, 'raider')`
      }
      // Only the owner of a character may refresh it.
      return yield* sql<{ id: string }>`update characters
        set user_id = (array[${users[0]!}, ${users[1]!}, ${users[2]!}]::uuid[])[1 + abs(hashtext(id::text)) % 3]
        where deleted_at is null returning id`
    })
  )
  const scopes = ["roster:read", "roster:write", "plans:read", "plans:write", "refresh"]
  const keyed = async (guild: string, scopes: ReadonlyArray<string>) => {
    const { key } = await ask(url, admin, "POST", `/guilds/${guild}/keys`, { name: "Bot", scopes })
    return { id: String(key.id), token: String(key.token) }
  }
  const [first, second] = guilds as [(typeof guilds)[number], (typeof guilds)[number]]
  const keys = await Promise.all([
    keyed(first.guild, scopes),
    keyed(second.guild, scopes),
    ...scopes.map((scope) => keyed(first.guild, [scope]))
  ])
  const revoked = await keyed(first.guild, scopes)
  const ended = await keyed(first.guild, scopes)
  await Effect.runPromise(sql`update guild_keys set revoked_at = now() where id = ${revoked.id}`)
  await Effect.runPromise(sql`update guild_keys set expires_at = now() where id = ${ended.id}`)
  const world: World = {
    keys: [...[...keys, revoked, ended].map(({ token }) => token), `raid_AAAAAAAA_${"A".repeat(43)}`, "\u00e9"],
    people,
    known: {
      guild_id: [...guilds.map(({ guild }) => guild), seededGuild],
      user_id: users,
      invite_code: guilds.map(({ invite }) => invite),
      session_id: [...sessions, ...others].map(({ session }) => String(session.id)),
      player_id: players.map(({ id }) => id),
      entry_id: entries,
      plan_id: plans.map(({ plan }) => plan),
      share_id: plans.map(({ share }) => share),
      token: plans.map(({ token }) => token),
      revision: ["1", "2", "3"],
      game_version: ["classic1x", "classic", "classicann", "retail"],
      ruleset: ["tbc-anniversary@1", "tbc-2021@1", "classic-era@1"],
      key_id: keys.map(({ id }) => id),
      character_id: characters.map(({ id }) => id)
    }
  }
  return world
}
