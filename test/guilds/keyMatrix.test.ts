import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { openBrowser } from "../support/Browser.ts"
import { query } from "../support/query.ts"
import { routes } from "../support/routes.ts"
import { live, TestApp } from "../support/TestApp.ts"
import { bodyOf, Cast, freshGuild, manyCompositions, requestOf } from "./cast.ts"

const scopes = ["roster:read", "roster:write", "plans:read", "plans:write", "refresh"] as const
type Scope = (typeof scopes)[number]

const gone = "guild.not_found"
const noPlan = "plan.not_found"
const unseen = "character.not_found"

/** The routes that a key may call: its scope, the status of a success, and what another guild's key is told. */
const open: Readonly<Record<string, readonly [Scope, number, string]>> = {
  "GET /api/v1/guilds/:guild_id/roster": ["roster:read", 200, gone],
  "GET /api/v1/guilds/:guild_id/roster/export": ["roster:read", 200, gone],
  "GET /api/v1/guilds/:guild_id/roster/history": ["roster:read", 200, gone],
  "PUT /api/v1/guilds/:guild_id/roster": ["roster:write", 200, gone],
  "POST /api/v1/guilds/:guild_id/roster/import": ["roster:write", 200, gone],
  "POST /api/v1/guilds/:guild_id/roster/discover": ["roster:write", 200, gone],
  "POST /api/v1/guilds/:guild_id/players": ["roster:write", 201, gone],
  "PATCH /api/v1/guilds/:guild_id/players/:player_id": ["roster:write", 200, gone],
  "DELETE /api/v1/guilds/:guild_id/players/:player_id": ["roster:write", 204, gone],
  "POST /api/v1/guilds/:guild_id/players/:player_id/characters": ["roster:write", 201, gone],
  "PATCH /api/v1/guilds/:guild_id/players/:player_id/characters/:entry_id": ["roster:write", 200, gone],
  "DELETE /api/v1/guilds/:guild_id/players/:player_id/characters/:entry_id": ["roster:write", 204, gone],
  "GET /api/v1/guilds/:guild_id/plans": ["plans:read", 200, gone],
  "GET /api/v1/plans/:plan_id": ["plans:read", 200, noPlan],
  "GET /api/v1/plans/:plan_id/revisions": ["plans:read", 200, noPlan],
  "GET /api/v1/plans/:plan_id/revisions/:revision": ["plans:read", 200, noPlan],
  "GET /api/v1/plans/:plan_id/diff": ["plans:read", 200, noPlan],
  "GET /api/v1/plans/:plan_id/export": ["plans:read", 200, noPlan],
  "GET /api/v1/plans/:plan_id/events": ["plans:read", 200, noPlan],
  "GET /api/v1/plans/:plan_id/coverage": ["plans:read", 200, noPlan],
  "POST /api/v1/guilds/:guild_id/plans": ["plans:write", 201, gone],
  "PUT /api/v1/plans/:plan_id": ["plans:write", 200, noPlan],
  "PATCH /api/v1/plans/:plan_id": ["plans:write", 200, noPlan],
  "DELETE /api/v1/plans/:plan_id": ["plans:write", 204, noPlan],
  "POST /api/v1/plans/:plan_id/duplicate": ["plans:write", 201, noPlan],
  "POST /api/v1/plans/:plan_id/revisions/:revision/restore": ["plans:write", 200, noPlan],
  "POST /api/v1/plans/:plan_id/compose": ["plans:write", 202, noPlan],
  "GET /api/v1/plans/:plan_id/compositions": ["plans:read", 200, noPlan],
  "GET /api/v1/plans/:plan_id/compositions/:composition_id": ["plans:read", 200, noPlan],
  "GET /api/v1/plans/:plan_id/compositions/:composition_id/events": ["plans:read", 200, noPlan],
  "GET /api/v1/plans/:plan_id/compositions/:composition_id/compare": ["plans:read", 200, noPlan],
  "DELETE /api/v1/plans/:plan_id/compositions/:composition_id": ["plans:write", 200, noPlan],
  "POST /api/v1/plans/:plan_id/compositions/:composition_id/accept": ["plans:write", 200, noPlan],
  "POST /api/v1/plans/:plan_id/compositions/:composition_id/why-not": ["plans:write", 202, noPlan],
  "GET /api/v1/guilds/:guild_id/refreshes": ["refresh", 200, gone],
  "POST /api/v1/guilds/:guild_id/refreshes": ["refresh", 202, gone],
  "GET /api/v1/guilds/:guild_id/refreshes/:refresh_id": ["refresh", 200, gone],
  "GET /api/v1/guilds/:guild_id/refreshes/:refresh_id/events": ["refresh", 200, gone],
  "DELETE /api/v1/guilds/:guild_id/refreshes/:refresh_id": ["refresh", 204, gone],
  "POST /api/v1/characters/:character_id/warcraftlogs/refresh": ["refresh", 200, unseen],
  "POST /api/v1/characters/:character_id/battlenet/refresh": ["refresh", 200, unseen]
}

/** Keys of a guild: one of each scope, one that was revoked, one that has ended, and one of another guild with every scope. */
const keysOf = Effect.fnUntraced(function* (guild: string) {
  const { people } = yield* Cast
  const make = Effect.fnUntraced(function* (json: object, of: string, who: typeof people.admin) {
    const { status, body } = yield* who.send("POST", `/api/v1/guilds/${of}/keys`, { json })
    assert.strictEqual(status, 201, JSON.stringify(body))
    return { id: String(body.key.id), token: String(body.key.token) }
  })
  const all = { name: "All", scopes }
  const revoked = yield* make(all, guild, people.admin)
  yield* people.admin.send("DELETE", `/api/v1/guilds/${guild}/keys/${revoked.id}`)
  const ended = yield* make({ ...all, expires_in_seconds: 60 }, guild, people.admin)
  yield* query`update guild_keys set expires_at = now() where id = ${ended.id}::uuid`
  const elsewhere = String((yield* people.elsewhere.send("GET", "/api/v1/guilds")).body.guilds[0].id)
  yield* query`update guild_keys set revoked_at = now() where guild_id = ${elsewhere}::uuid and revoked_at is null`
  const foreign = yield* make(all, elsewhere, people.elsewhere)
  const tokens: Record<string, string> = { revoked: revoked.token, ended: ended.token, foreign: foreign.token }
  for (const scope of scopes) tokens[scope] = (yield* make({ name: scope, scopes: [scope] }, guild, people.admin)).token
  return tokens as Readonly<Record<Scope | "revoked" | "ended" | "foreign", string>>
})

const check = Effect.fnUntraced(function* (name: string, signedIn: boolean) {
  const world = yield* freshGuild
  const tokens = yield* keysOf(world.id)
  const { method, path } = requestOf(name, world)
  const { send } = yield* openBrowser()
  const ask = Effect.fnUntraced(function* (token: string) {
    const headers = { "if-match": "*", authorization: `Bearer ${token}` }
    const json = bodyOf(name, world)
    const { status, body } = yield* send(method, path, { headers, ...(json === undefined ? {} : { json }) })
    return (body.error?.code as string | undefined) ?? status
  })
  const { revoked, ended, foreign, ...scoped } = tokens
  if (!signedIn) {
    // A route for everybody does not look at keys.
    const [first, second] = [yield* ask(revoked), yield* ask(foreign)]
    assert.strictEqual(first, second)
    assert.notInclude(String(second), "key")
    return
  }
  const [scope, success, elsewhere] = open[name] ?? []
  const unknown = `${foreign.slice(0, -4)}AAAA`
  const told = {
    unknown: yield* ask(unknown),
    none: yield* ask("x"),
    revoked: yield* ask(revoked),
    ended: yield* ask(ended),
    foreign: yield* ask(foreign),
    others: new Set<string | number>()
  }
  for (const other of scopes) if (other !== scope) told.others.add(yield* ask(scoped[other]))
  assert.deepStrictEqual(told, {
    unknown: "auth.invalid_key",
    none: "auth.invalid_key",
    revoked: "auth.invalid_key",
    ended: "auth.invalid_key",
    foreign: elsewhere ?? "key.scope_missing",
    others: new Set(["key.scope_missing"])
  })
  if (scope !== undefined) assert.strictEqual(yield* ask(scoped[scope]), success)
})

describe("Z01 the matrix of keys", () => {
  layer(
    Cast.layer.pipe(Layer.provideMerge(TestApp.layer({ RATE_LIMIT_REFRESHES: "1000" }, manyCompositions))),
    live
  )((it) => {
    it.effect("Z01 knows its routes", () =>
      Effect.sync(() =>
        assert.includeMembers(
          routes.map(({ name }) => name),
          Object.keys(open)
        )
      )
    )

    it.effect.each(routes)("Z01 $name", ({ name, signedIn }) => check(name, signedIn))
  })
})
