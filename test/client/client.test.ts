import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { ApiFailure, makeClient } from "../../clients/typescript/src/effect.ts"
import {
  ApiError,
  attempt,
  type Client,
  createClient,
  isApiError,
  memoryCookies
} from "../../clients/typescript/src/index.ts"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { noteSecret } from "../support/canaries.ts"
import { details } from "../support/people.ts"
import { live, TestApp } from "../support/TestApp.ts"

/** What the client sends, in order. */
const recording = () => {
  const sent: Array<string> = []
  const record: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    for (const line of response.headers.getSetCookie()) noteSecret(/=([^;]*)/.exec(line)![1]!)
    sent.push(`${init?.method} ${new URL(String(input)).pathname} ${response.status}`)
    return response
  }
  return { sent, fetch: record }
}

const signIn = Effect.fnUntraced(function* (client: Client) {
  const { discord } = yield* TestApp
  const { url } = yield* Effect.promise(() => client.get("/api/v1/auth/discord/url"))
  const { code, state } = yield* discord.authorize(url, personas.raider.id)
  noteSecret(state!)
  const body = { code: code!, state: state! }
  yield* Effect.promise(() => client.post("/api/v1/auth/discord/callback", { body }))
})

const newClient = Effect.gen(function* () {
  const { url } = yield* TestApp
  const { sent, fetch } = recording()
  const cookies = memoryCookies()
  const client = createClient({ baseUrl: url, cookies, fetch })
  yield* signIn(client)
  sent.length = 0
  return { client, sent, cookies, url, fetch }
})

/** The client for streams that are no paths of the document. */
const streamsOf = (client: Client) =>
  client as unknown as {
    readonly events: (
      path: string,
      input?: object
    ) => AsyncIterable<{ readonly id: string; readonly event: string; readonly data: unknown }>
  }

const csrf = "GET /api/v1/auth/csrf 204"
const make = (client: Client) =>
  client.post("/api/v1/guilds", { body: { ...details, region: "eu", faction: "horde", game_version: "classicann" } })

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("the client package", (it) => {
  it.effect("asks for the CSRF token once, and again after the session changed", () =>
    Effect.gen(function* () {
      const { client, sent, cookies } = yield* newClient
      yield* Effect.promise(() => Promise.all([make(client), make(client)]))
      assert.deepStrictEqual(sent, [csrf, "POST /api/v1/guilds 201", "POST /api/v1/guilds 201"])
      // Another tab signs in: the cookies are new, and this client does not know.
      const other = createClient({ baseUrl: (yield* TestApp).url, cookies, fetch: recording().fetch })
      yield* signIn(other)
      sent.length = 0
      const { guild } = yield* Effect.promise(() => make(client))
      assert.strictEqual(guild.name, details.name)
      assert.deepStrictEqual(sent, ["POST /api/v1/guilds 403", csrf, "POST /api/v1/guilds 201"])
    })
  )

  it.effect("fails with an error that knows the operation's codes", () =>
    Effect.gen(function* () {
      const { client, url } = yield* newClient
      const path = { guild_id: "00000000-0000-4000-8000-000000000000" }
      const result = yield* Effect.promise(() => attempt(client.get("/api/v1/guilds/{guild_id}", { path })))
      assert.isFalse(result.ok)
      if (result.ok) return
      const code: "guild.not_found" | "auth.unauthorized" | "rate_limit.exceeded" | (typeof result.error)["code"] =
        result.error.code
      assert.deepStrictEqual([code, result.error.status], ["guild.not_found", 404])
      // @ts-expect-error -- no code of this operation
      assert.isFalse(result.error.code === "guild.last_admin")
      assert.match(result.error.requestId, /^[0-9a-f-]{36}$/)
      const bad = yield* Effect.promise(() =>
        attempt(
          client.post("/api/v1/guilds", {
            body: { ...details, region: "xx" as "eu", faction: "horde", game_version: "classic" }
          })
        )
      )
      assert.isTrue(!bad.ok && isApiError(bad.error, "guild.validation_failed"))
      if (!bad.ok)
        assert.deepStrictEqual(bad.error.details, {
          fields: [{ field: "region", reason: "must be one of us, eu, kr, tw, cn" }]
        })
      const stranger = createClient({ baseUrl: url })
      const refused = yield* Effect.promise(() => attempt(stranger.get("/api/v1/auth/session")))
      assert.isTrue(!refused.ok && refused.error.code === "auth.unauthorized")
    })
  )

  it.effect("sends a read again when the API is briefly away, and never a change", () =>
    Effect.gen(function* () {
      const { client, sent } = yield* newClient
      const app = yield* TestApp
      yield* Effect.promise(() => make(client))
      sent.length = 0
      app.postgres.shut()
      const reading = client.get("/api/v1/guilds", {})
      const changing = attempt(make(client))
      const changed = yield* Effect.promise(() => changing)
      assert.isTrue(!changed.ok && changed.error.code === "dependency.unavailable")
      assert.isTrue(!changed.ok && changed.error.retryAfter === 1)
      app.postgres.open()
      const { guilds } = yield* Effect.promise(() => reading)
      assert.isNotEmpty(guilds)
      assert.strictEqual(sent.filter((line) => line.startsWith("POST")).length, 1)
      assert.include(sent, "GET /api/v1/guilds 503")
      const ended = AbortSignal.timeout(1)
      const error = yield* Effect.promise(() =>
        client.get("/api/v1/guilds", { signal: ended }).catch((error: Error) => error)
      )
      assert.strictEqual((error as Error).name, "TimeoutError")
    })
  )

  it.effect("pages, and sends what a query needs", () =>
    Effect.gen(function* () {
      const { client } = yield* newClient
      const { guild } = yield* Effect.promise(() => make(client))
      const path = { guild_id: guild.id }
      yield* Effect.promise(() => client.patch("/api/v1/guilds/{guild_id}", { path, body: { name: "Day Watch" } }))
      const audit = "/api/v1/guilds/{guild_id}/audit"
      const first = yield* Effect.promise(() => client.get(audit, { path, query: { limit: 1 } }))
      const rest = yield* Effect.promise(() =>
        client.get(audit, { path, query: { limit: 100, cursor: first.next_cursor! } })
      )
      assert.deepStrictEqual([first.events[0]?.type, rest.events[0]?.type], ["updated", "created"])
      assert.isUndefined(yield* Effect.promise(() => client.delete("/api/v1/guilds/{guild_id}", { path })))
    })
  )

  it.effect("has an entry for users of Effect", () =>
    Effect.gen(function* () {
      const { cookies, url, fetch } = yield* newClient
      const client = makeClient({ baseUrl: url, cookies, fetch })
      const { user } = yield* client.get("/api/v1/auth/session")
      assert.strictEqual(user.discord.username, "cyra.sim")
      const path = { character_id: "00000000-0000-4000-8000-000000000000" }
      const failure = yield* Effect.flip(client.post("/api/v1/characters/{character_id}/battlenet/refresh", { path }))
      assert.instanceOf(failure, ApiFailure)
      if (failure._tag === "ApiFailure") {
        const code: "character.not_found" | (typeof failure)["code"] = failure.code
        assert.strictEqual(code, "character.not_found")
      }
      const away = yield* Effect.flip(makeClient({ baseUrl: "http://127.0.0.1:1" }).get("/api/v1/health"))
      assert.strictEqual(away._tag, "ConnectionError")
    })
  )

  it.effect("reads server-sent events, connects again and goes on after the last", () =>
    Effect.gen(function* () {
      const asked: Array<string | undefined> = []
      const parts = [
        'retry: 10\n\n: hello\n\nid: 1\ndata: ["a",\ndata: "b"]\r\n\r\nid: 2\nevent: gone\ndata:3\n\ndata: never ended',
        "id: 3\r",
        '\ndata: "\u20ac"\r\r',
        "event: reconnect\ndata: {}\n\nid: 9\ndata: 9\n\n",
        "id: 4\ndata: null\n\n"
      ]
      const server = createServer(({ headers, url }, response) => {
        assert.strictEqual(url, "/stream/a%2Fb?since=1")
        const last = headers["last-event-id"] as string | undefined
        asked.push(last)
        if (last === "4") return response.writeHead(204).end()
        response.writeHead(200, { "content-type": "text/event-stream" })
        if (last === undefined) return response.end(parts[0])
        if (last === "3") return response.end(parts[asked.length])
        response.write(parts[1])
        return setTimeout(() => response.end(parts[2]), 20)
      })
      yield* Effect.promise(() => new Promise<void>((done) => server.listen(0, "127.0.0.1", done)))
      const { port } = server.address() as AddressInfo
      const { events } = streamsOf(createClient({ baseUrl: `http://127.0.0.1:${port}` }))
      const found = yield* Effect.promise(async () => {
        const all = []
        for await (const event of events("/stream/{name}", { path: { name: "a/b" }, query: { since: 1 } }))
          all.push(event)
        return all
      })
      assert.deepStrictEqual(found, [
        { id: "1", event: "message", data: ["a", "b"] },
        { id: "2", event: "gone", data: 3 },
        { id: "3", event: "message", data: "\u20ac" },
        { id: "4", event: "message", data: null }
      ])
      assert.deepStrictEqual(asked, [undefined, "2", "3", "3", "4"])
      // The API's failures are thrown, as they are by every call.
      const failing = streamsOf(createClient({ baseUrl: (yield* TestApp).url })).events("/api/v1/nothing")
      const error = yield* Effect.promise(async () => {
        try {
          for await (const _ of failing) return undefined
        } catch (error) {
          return error
        }
        return undefined
      })
      assert.isTrue(error instanceof ApiError && error.code === "route.not_found")
      server.closeAllConnections()
      server.close()
    })
  )
})
