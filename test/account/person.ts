import { assert } from "@effect/vitest"
import { Effect, Ref } from "effect"
import type { Cookies } from "effect/http"
import { Redis } from "ioredis"
import { inject } from "vitest"
import { profileOf } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { foundGuild } from "../support/people.ts"
import { query } from "../support/query.ts"
import { TestApp } from "../support/TestApp.ts"

const tag = (n: number) =>
  Math.random()
    .toString(36)
    .slice(2, 2 + n)

/** Where a row is: its table, and what tells it apart there. */
interface Found {
  readonly table: string
  readonly row: Readonly<Record<string, unknown>>
}

/** Every row of every table of the database in which one of these texts stands, in whatever column. */
export const search = Effect.fnUntraced(function* (texts: ReadonlyArray<string>) {
  const { sql } = yield* TestApp
  const tables = yield* query`select tablename as name from pg_tables where schemaname = 'public' order by 1`
  const found: Array<Found> = []
  for (const { name } of tables) {
    const rows = yield* sql<{ readonly row: Found["row"] }>`select to_jsonb(t) as row from ${sql(String(name))} t`
    for (const { row } of rows) {
      const text = JSON.stringify(row)
      if (texts.some((one) => text.includes(one))) found.push({ table: String(name), row })
    }
  }
  return found
})

/** Every key of Redis in whose name or value one of these texts stands. */
export const searchRedis = Effect.fnUntraced(function* (texts: ReadonlyArray<string>) {
  return yield* Effect.promise(async () => {
    const redis = new Redis(inject("redis"))
    const found: Array<string> = []
    for (const key of await redis.keys("*")) {
      // A Redis in this process has no DUMP, and few values.
      const value = (await redis.dumpBuffer(key).catch(() => null))?.toString("latin1") ?? ""
      if (texts.some((text) => key.includes(text) || value.includes(text))) found.push(key)
    }
    redis.disconnect()
    return found
  })
})

let next = 0

/**
 * Somebody who has left traces in every table that can hold a person, with a name, an address and a browser that nobody
 * else has. `texts` are what to search for.
 */
export const busyPerson = Effect.gen(function* () {
  const { discord, url } = yield* TestApp
  next += 1
  const id = String(920_000_000_000_000_000n + BigInt(Date.now() % 1_000_000) * 1000n + BigInt(next))
  const username = `quux${tag(8)}`
  const globalName = `Zyx${tag(8)}`
  const address = `203.0.113.${next}`
  const agent = `Browser ${tag(8)}`
  discord.addPersona({ id, label: id, profile: profileOf({ id, username, globalName }) })
  const jar = yield* Ref.make<ReadonlyArray<Cookies.Cookie>>([])
  const plain = yield* openBrowser(url, jar)
  const headers = { "x-forwarded-for": address, "user-agent": agent }
  const send: typeof plain.send = (method, path, options = {}) =>
    plain.send(method, path, { ...options, headers: { ...headers, ...options.headers } })
  const signIn = Effect.gen(function* () {
    const begun = yield* send("GET", "/api/v1/auth/discord/url")
    const json = yield* discord.authorize(begun.body.url, id)
    return yield* send("POST", "/api/v1/auth/discord/callback", { json: { code: json.code, state: json.state } })
  })
  assert.strictEqual((yield* signIn).status, 204)
  // A second session, whose first one ends, and a sign-in that is not finished.
  assert.strictEqual((yield* signIn).status, 204)
  yield* send("GET", "/api/v1/auth/discord/url")
  const { user } = (yield* send("GET", "/api/v1/auth/session")).body

  const { admin, guild, params, path, invite } = yield* foundGuild()
  yield* send("POST", `/api/v1/guild-invites/${yield* invite}/accept`)
  yield* admin.client.guilds.setRole({ params: { ...params, user_id: user.id }, payload: { role: "admin" } })
  yield* send("POST", `${path}/invites`)
  const mage = { region: "eu", server: "Spineshatter", class: "Mage", race: "Undead", spec: "Frost" }
  const name = () =>
    `Q${Array.from({ length: 9 }, () => String.fromCodePoint(97 + Math.floor(Math.random() * 26))).join("")}`
  const { character } = (yield* send("POST", "/api/v1/characters", { json: { ...mage, name: name() } })).body
  const { players } = (yield* send("GET", `${path}/roster`)).body.roster
  const player = players.find((one: { readonly user_id: string }) => one.user_id === user.id)
  const made = (yield* send("POST", `${path}/players`, { json: { name: `Typed ${tag(4)}` } })).body.player
  yield* send("PATCH", `${path}/players/${player.id}`, { json: { note: "tank" } })
  const plan = (yield* send("POST", `${path}/plans`, { json: { title: "Plan", raids: [{ title: "Raid", size: 10 }] } }))
    .body.plan
  const ops = [{ op: "seat", entry_id: player.characters[0].entry_id, raid: 0, group: 0, slot: 0 }]
  yield* send("PATCH", `/api/v1/plans/${plan.id}`, { json: { ops }, headers: { "if-match": "*" } })
  yield* send("POST", `/api/v1/plans/${plan.id}/shares`)
  yield* send("PUT", `${path}/ruleset-overrides/tbc-anniversary@1`, {
    json: { values: { kings: { Rogue: 1 } } },
    headers: { "if-match": "*" }
  })
  yield* send("POST", `${path}/keys`, { json: { name: "Bot", scopes: ["plans:read"] } })
  yield* query`insert into guild_refreshes (guild_id, requested_by, outcome, finished_at)
    values (${guild.id}::uuid, ${user.id}::uuid, 'done', now())`
  yield* query`insert into plan_compositions
      (id, plan_id, guild_id, requested_by, revision, wishes, problem, state, seats, finished_at)
    values (gen_random_uuid(), ${plan.id}::uuid, ${guild.id}::uuid, ${user.id}::uuid, 2, '{}', '{}', 'done', '[]', now())`
  yield* query`insert into character_warcraftlogs_snapshots (character_id) values (${character.id}::uuid)`
  const [identity] = yield* query`select id from discord_identities where user_id = ${user.id}::uuid`
  return {
    ...plain,
    send,
    signIn,
    jar,
    id: String(user.id),
    discordId: id,
    username,
    globalName,
    address,
    agent,
    texts: [id, String(user.id), username, globalName, address, agent, String(identity!.id)],
    admin,
    guild,
    path,
    params,
    player: { id: String(player.id), name: String(player.name) },
    made,
    plan: String(plan.id),
    character
  }
})

export type BusyPerson = Effect.Success<typeof busyPerson>

/** Deletes somebody's account by the name that they confirm it with. */
export const remove = ({ send, username }: Pick<BusyPerson, "send" | "username">) =>
  send("DELETE", "/api/v1/account", { json: { confirm: username } })
