import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createClient, isApiError } from "../../clients/typescript/src/index.ts"
import { keyed } from "../guilds/keyed.ts"
import { plannedGuild, seat } from "../plans/planned.ts"
import { live, TestApp } from "../support/TestApp.ts"

/** Whoever has a webhook, as far as a bot can tell: what it was sent. */
const receiver = Effect.acquireRelease(
  Effect.promise(async () => {
    const received: Array<{
      readonly type: string | undefined
      readonly authorization: string | undefined
      readonly body: string
    }> = []
    const server = createServer(async (request, response) => {
      const parts: Array<Buffer> = []
      for await (const part of request) parts.push(part as Buffer)
      const { "content-type": type, authorization } = request.headers
      received.push({ type, authorization, body: Buffer.concat(parts).toString() })
      response.writeHead(204).end()
    })
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
    return { server, received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook` }
  }),
  ({ server }) => Effect.sync(() => server.close())
)

/** Runs the program of the page as its reader would, and tells how it ended. */
const runBot = Effect.fnUntraced(function* (env: Readonly<Record<string, string>>) {
  const page = yield* Effect.promise(() => readFile(new URL("../../docs/bot.md", import.meta.url), "utf8"))
  const [, program] = /^```js\n(.*?)^```$/ms.exec(page)!
  assert.isAtMost(program!.trim().split("\n").length, 10)
  return yield* Effect.acquireUseRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "bot-"))),
    (home) =>
      Effect.promise(async () => {
        await writeFile(join(home, "bot.mjs"), program!)
        return await new Promise<{ readonly failed: boolean; readonly says: string }>((done) =>
          execFile(process.execPath, [join(home, "bot.mjs")], { env, timeout: 20_000 }, (error, _, says) =>
            done({ failed: error !== null, says })
          )
        )
      }),
    (home) => Effect.promise(() => rm(home, { recursive: true }))
  )
})

layer(TestApp.layer(), live)("a bot", (it) => {
  it.effect("posts a plan's text to a webhook, as docs/bot.md has it, until its key is revoked", () =>
    Effect.gen(function* () {
      const { admin, path, plan, url, patch, mains } = yield* plannedGuild(3)
      yield* patch([seat(mains[0], 0, 0, 0), seat(mains[1], 0, 1, 2)])
      const { key, revoke } = yield* keyed(admin, path, { scopes: ["plans:read"] })
      const { url: API } = yield* TestApp
      const { received, url: WEBHOOK } = yield* receiver
      const env = { API, WEBHOOK, KEY: key.token, PLAN: plan.id }
      assert.deepStrictEqual(yield* runBot(env), { failed: false, says: "" })
      const text = (yield* admin.send("GET", `${url}/export?format=text`)).body as string
      assert.deepStrictEqual(
        received.map(({ body }) => JSON.parse(body).content),
        text.split("\f")
      )
      assert.include(text, mains[0].name)
      assert.deepStrictEqual([received[0]!.type, received[0]!.authorization], ["application/json", undefined])
      yield* revoke
      const { failed, says } = yield* runBot(env)
      assert.isTrue(failed)
      assert.include(says, "This key is not known, was revoked, or has ended.")
      assert.notInclude(says, key.token)
      assert.lengthOf(received, text.split("\f").length)
    })
  )

  it.effect("made with the client package sends its key, and neither cookies nor a CSRF token", () =>
    Effect.gen(function* () {
      const { admin, path, params } = yield* plannedGuild(1)
      const { key } = yield* keyed(admin, path, { scopes: ["plans:read", "plans:write"] })
      const { url } = yield* TestApp
      const sent: Array<string> = []
      const record: typeof fetch = (input, init) => {
        sent.push(`${init?.method} ${init?.credentials} ${Object.keys(init?.headers ?? {}).join(" ")}`)
        return fetch(input, init)
      }
      const client = createClient({ baseUrl: url, key: key.token, fetch: record })
      const { guild_id } = params
      const { plans } = yield* Effect.promise(() =>
        client.get("/api/v1/guilds/{guild_id}/plans", { path: { guild_id } })
      )
      assert.lengthOf(plans, 1)
      const body = { title: "Next", raids: [{ title: "Raid", size: 10 as const }] }
      const made = yield* Effect.promise(() =>
        client.post("/api/v1/guilds/{guild_id}/plans", { path: { guild_id }, body })
      )
      assert.strictEqual(made.plan.created_by?.key?.prefix, key.prefix)
      assert.deepStrictEqual(sent, ["GET omit authorization", "POST omit content-type authorization"])
      const refused = yield* Effect.promise(() =>
        client.get("/api/v1/guilds/{guild_id}/roster", { path: { guild_id } }).catch((error: unknown) => error)
      )
      assert.isTrue(isApiError(refused, "key.scope_missing"))
    })
  )
})
