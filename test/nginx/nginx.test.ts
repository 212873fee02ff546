import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect } from "effect"
import { readFileSync } from "node:fs"
import { type IncomingMessage, request as sendPlain } from "node:http"
import { request as sendTls } from "node:https"
import { Api } from "../../src/Api.ts"
import { freePort } from "../../src/demo/servers/Watchdog.ts"
import { BodyRule } from "../../src/http/Envelope.ts"
import { textOf } from "../containers/Dockerfile.ts"
import { certificateFile } from "../support/Certificates.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"
import { nginx } from "./Nginx.ts"
import { type Answer, answers, breaks, upstream } from "./Upstream.ts"

const unsafe = ["POST", "PATCH"]
const repeatable = ["GET", "PUT", "DELETE"]
const guilds = "/api/v1/guilds"

const ask = (port: number, method: string, path = guilds, init: RequestInit = {}) =>
  Effect.promise(async () => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, redirect: "manual", ...init })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text }
  })

const assertEnvelope = (
  { status, headers, text }: Effect.Success<ReturnType<typeof ask>>,
  expected: number,
  code: string
) => {
  assert.strictEqual(status, expected, text)
  assert.strictEqual(headers.get("content-type"), "application/json")
  const { error } = JSON.parse(text)
  assert.deepInclude(error, { code, request_id: headers.get("x-request-id"), details: {} })
}

describe("a request that one replica does not answer", () => {
  it.live.each([...unsafe, ...repeatable])("%s goes to the other one if the connection was refused", (method) =>
    Effect.gen(function* () {
      const good = yield* upstream(answers)
      const { plain } = yield* nginx([yield* Effect.promise(freePort), good.port])
      for (let times = 1; times <= 4; times += 1) {
        assert.strictEqual((yield* ask(plain, method)).status, 200)
        assert.lengthOf(good.asked, times)
      }
    })
  )

  it.live.each(unsafe)("%s that was sent is never repeated, and the answer says so in the service's form", (method) =>
    Effect.gen(function* () {
      const both = [yield* upstream(breaks), yield* upstream(breaks)] as const
      const { plain } = yield* nginx([both[0].port, both[1].port])
      const answer = yield* ask(plain, method)
      assertEnvelope(answer, 503, "dependency.unavailable")
      assert.strictEqual(answer.headers.get("retry-after"), "2")
      assert.lengthOf([...both[0].asked, ...both[1].asked], 1)
    })
  )

  it.live.each(repeatable)("%s that was sent is answered by the other one", (method) =>
    Effect.gen(function* () {
      const [bad, good] = [yield* upstream(breaks), yield* upstream(answers)]
      const { plain } = yield* nginx([bad.port, good.port])
      // One of the first two goes to the bad one first, which is then passed over.
      for (let times = 0; times < 2; times += 1) assert.strictEqual((yield* ask(plain, method)).status, 200)
      assert.lengthOf(bad.asked, 1)
      assert.lengthOf(good.asked, 2)
    })
  )
})

/** A server in place of both replicas. */
const behind = Effect.fnUntraced(function* (answer: Answer = answers) {
  const { port, asked } = yield* upstream(answer)
  return { asked, ...(yield* nginx([port, port])) }
})

describe("deploy/nginx", () => {
  it.live("takes bodies of the service's sizes, and refuses one more byte in the service's form", () =>
    Effect.gen(function* () {
      const { plain, asked } = yield* behind()
      const rules = Object.values(Api.groups).flatMap((group) =>
        Object.values(group.endpoints).map((endpoint) => ({
          path: endpoint.path.replaceAll(/:\w+/g, "00000000-0000-4000-8000-000000000000"),
          method: endpoint.method,
          maxBytes: Context.get(endpoint.annotations, BodyRule).maxBytes
        }))
      )
      const changes = rules.filter(({ method }) => method !== "GET" && method !== "DELETE")
      assert.deepStrictEqual(new Set(changes.map(({ maxBytes }) => maxBytes)), new Set([65_536, 262_144, 1_048_576]))
      for (const { path, method, maxBytes } of changes) {
        const body = Buffer.alloc(maxBytes + 1, "a")
        const exact = yield* ask(plain, method, path, { body: body.subarray(1) })
        assert.strictEqual(exact.status, 200, path)
        assert.strictEqual(asked.at(-1)?.bytes, maxBytes)
        assertEnvelope(yield* ask(plain, method, path, { body }), 413, "request.too_large")
      }
      assert.lengthOf(asked, changes.length)
    })
  )

  it.live("passes server-sent events on at once, marked as the service marks them", () =>
    Effect.gen(function* () {
      const eventStream = { "content-type": "text/event-stream", "x-accel-buffering": "no" }
      assert.include(textOf("src/streams/EventStreams.ts"), `"x-accel-buffering": "no"`)
      let next = () => {}
      const { plain } = yield* behind((_, response) => {
        response.writeHead(200, eventStream).write("data: one\n\n")
        next = () => response.end("data: two\n\n")
      })
      const { body } = yield* Effect.promise(() => fetch(`http://127.0.0.1:${plain}${guilds}`))
      const reader = body!.pipeThrough(new TextDecoderStream()).getReader()
      // The second is sent only when the first has come.
      assert.strictEqual((yield* Effect.promise(() => reader.read())).value, "data: one\n\n")
      next()
      assert.strictEqual((yield* Effect.promise(() => reader.read())).value, "data: two\n\n")
    })
  )

  it.live("keeps a caller's request id, makes one where there is none, and keeps connections to replicas", () =>
    Effect.gen(function* () {
      const { plain, asked } = yield* behind()
      yield* ask(plain, "GET", guilds, { headers: { "x-request-id": "caller-7d1f.42" } })
      yield* ask(plain, "GET", guilds, { headers: { "x-request-id": "no, thank you" } })
      assert.strictEqual(asked[0]!.headers["x-request-id"], "caller-7d1f.42")
      assert.match(String(asked[1]!.headers["x-request-id"]), /^[0-9a-f]{32}$/)
      yield* Effect.replicateEffect(ask(plain, "GET"), 20)
      // One for each worker and entry of the upstream at most.
      assert.isAtMost(new Set(asked.map(({ from }) => from)).size, 4)
    })
  )

  it.live("serves the API alone, over TLS, and sends everybody there", () =>
    Effect.gen(function* () {
      const { tls, redirect, plain, asked } = yield* behind()
      const overTls = yield* Effect.callback<IncomingMessage>((resume) => {
        const ca = readFileSync(certificateFile)
        const host = { port: tls, host: "127.0.0.1", path: guilds, headers: { host: "raid.example" } }
        sendTls({ ...host, ca, servername: "localhost" }, (response) => resume(Effect.succeed(response.resume()))).end()
      })
      assert.strictEqual(overTls.statusCode, 200)
      assert.strictEqual(asked[0]!.headers.host, "raid.example")
      const sent = yield* Effect.callback<IncomingMessage>((resume) => {
        const host = { port: redirect, host: "127.0.0.1", path: `${guilds}?a=b`, headers: { host: "raid.example" } }
        sendPlain(host, (response) => resume(Effect.succeed(response.resume()))).end()
      })
      assert.strictEqual(sent.statusCode, 308)
      assert.strictEqual(sent.headers.location, `https://raid.example${guilds}?a=b`)
      for (const path of ["/metrics", "/api/v2", "/"]) assert.strictEqual((yield* ask(plain, "GET", path)).status, 404)
      assert.lengthOf(asked, 1)
    })
  )
})

layer(TestApp.layer({ TRUSTED_PROXIES: "127.0.0.1" }), live)("the service behind deploy/nginx", (it) => {
  it.effect("knows the client's address, whatever the client claims", () =>
    Effect.gen(function* () {
      const app = yield* TestApp
      const port = Number(new URL(app.url).port)
      const { plain } = yield* nginx([port, port])
      const status = yield* Effect.callback<number | undefined>((resume) => {
        const client = { port: plain, host: "127.0.0.1", localAddress: "127.0.0.2" }
        const headers = { "x-forwarded-for": "198.51.100.7, 127.0.0.1" }
        sendPlain({ ...client, headers, path: "/api/v1/auth/discord/url" }, (response) =>
          resume(Effect.succeed(response.resume().statusCode))
        ).end()
      })
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(yield* query`select host(ip_address) as ip from oauth_states`, [{ ip: "127.0.0.2" }])
    })
  )
})
