import { assert, it, vi } from "@effect/vitest"
import { Effect } from "effect"
import { adoptFrom } from "../../src/adoption/Adopt.ts"
import { migrationsDirectory } from "../../src/infra/SqlFiles.ts"
import { signIn, started } from "../demo/simulators/discordRequests.ts"
import { startProcess, until, variablesFor } from "../start/startProcess.ts"
import { oldDatabase, tokens } from "./OldDatabase.ts"

vi.setConfig({ testTimeout: 60_000 })

const ada = "00000000-0000-4000-8000-00000000000a"
const guildId = "a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae"
const characterId = "00000000-0000-4000-8000-0000000000c1"

/** A request from a browser with these cookies. */
const asker = (url: string, session: string) => (method: string, path: string, csrf?: string, json?: unknown) =>
  Effect.promise(async () => {
    const headers = {
      cookie: `session=${session}`,
      ...(csrf === undefined ? {} : { "x-csrf-token": csrf }),
      ...(json === undefined ? {} : { "content-type": "application/json" })
    }
    const body = json === undefined ? {} : { body: JSON.stringify(json) }
    const response = await fetch(`${url}${path}`, { method, headers, ...body })
    const text = await response.text()
    // oxlint-disable-next-line typescript/no-explicit-any -- a test says what it expects to find
    const answer: any = text === "" ? null : JSON.parse(text)
    return { status: response.status, cookies: response.headers.getSetCookie().join("\n"), body: answer }
  })

/** A service on an adopted database, where Ada's Discord tokens are still valid. */
const served = Effect.gen(function* () {
  const discord = yield* started
  const granted = yield* signIn(discord, "900000000000000001")
  const database = yield* oldDatabase({ access: granted.access_token, refresh: granted.refresh_token })
  yield* Effect.provide(adoptFrom(migrationsDirectory), database.layer)
  const service = yield* startProcess({
    ...(yield* variablesFor(database)),
    RUN_DB_SEEDS: "true",
    DISCORD_API_BASE_URL: discord.apiBaseUrl
  })
  yield* service.serving
  return { url: service.url, query: database.query }
})

it.live("an adopted database works as before: sessions, guilds, roster and Discord tokens", () =>
  Effect.gen(function* () {
    const { url, query } = yield* served
    const ask = asker(url, tokens.live)
    const { user, session } = (yield* ask("GET", "/auth/session")).body
    assert.deepStrictEqual([user.id, user.created_at], [ada, "2024-05-01T10:00:00.123Z"])
    assert.deepStrictEqual([session.user_agent, session.login_location.country], ["Old browser", "DE"])
    for (const [token, code] of [
      [tokens.expired, "auth.session_expired"],
      [tokens.revoked, "auth.session_revoked"],
      [tokens.csrf, "auth.unauthorized"]
    ] as const) {
      assert.strictEqual((yield* asker(url, token)("GET", "/auth/session")).body.error.code, code)
    }

    const { guilds } = (yield* ask("GET", "/guilds")).body
    assert.deepStrictEqual(
      guilds.map(({ id, name, membership_role: role, created_at: at }: Record<string, string>) => [id, name, role, at]),
      [[guildId, "Night Watch", "admin", "2024-05-01T10:00:00.000Z"]]
    )
    const { members } = (yield* ask("GET", `/guilds/${guildId}/members`)).body
    assert.deepStrictEqual(
      members.map(({ role }: { role: string }) => role),
      ["admin", "officer", "raider"]
    )
    assert.strictEqual((yield* ask("GET", "/guild-invites/live-code")).status, 200)
    assert.strictEqual((yield* ask("GET", "/guild-invites/old-code")).status, 404)

    const { characters } = (yield* ask("GET", `/guilds/${guildId}/characters`)).body
    assert.deepStrictEqual(
      characters.map(({ name, role }: Record<string, string>) => [name, role]),
      [
        ["Adamant", "tank"],
        ["Borîn", "melee"]
      ]
    )
    const { character } = (yield* ask("GET", `/characters/${characterId}`)).body
    assert.deepStrictEqual(
      [character.battlenet.level, character.warcraftlogs.gear[0].id, character.warcraftlogs.rankings[0].rank_percent],
      [70, 28963, 88.5]
    )
    // The profile was two days old: the first request opened the sealed tokens and asked Discord again.
    const name = "select global_name as name from discord_profiles where discord_identity_id::text like '%aa'"
    yield* until(query(name), ([row]) => row?.["name"] === "Aldra")
  })
)

it.live("an adopted session accepts its old CSRF token and its new one, and no other", () =>
  Effect.gen(function* () {
    const { url } = yield* served
    const ask = asker(url, tokens.live)
    const details = { name: "New", realm: "Spineshatter", region: "eu", faction: "horde", game_version: "classic" }
    const make = (csrf: string) => Effect.map(ask("POST", "/guilds", csrf, details), ({ status }) => status)
    assert.strictEqual(yield* make(tokens.csrf), 201)
    const { cookies } = yield* ask("GET", "/auth/csrf")
    const next = /^csrf=([^;]+)/.exec(cookies)?.[1] ?? ""
    assert.deepStrictEqual([yield* make(next), yield* make(tokens.csrf), yield* make(`${next}x`)], [201, 201, 403])
    assert.strictEqual((yield* ask("POST", "/auth/logout", next)).status, 204)
    assert.strictEqual((yield* ask("GET", "/auth/session")).body.error.code, "auth.session_revoked")
  })
)
