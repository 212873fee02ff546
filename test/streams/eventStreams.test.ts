import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { connect } from "node:net"
import { vi } from "vitest"
import { OpenApi } from "effect/http-api"
import { createClient } from "../../clients/typescript/src/index.ts"
import { freePort, step } from "../../src/demo/servers/Watchdog.ts"
import { completed } from "../../src/http/Document.ts"
import { keywordsKey } from "../../src/http/Documented.ts"
import { type OpenApiDocument, operationsOf } from "../fuzz/Document.ts"
import { until } from "../start/startProcess.ts"
import { openBrowser } from "../support/Browser.ts"
import { foundGuild, somebody } from "../support/people.ts"
import { live, TestApp } from "../support/TestApp.ts"
import { cookieOf, listen } from "./listen.ts"
import { startStreams, StreamApi } from "./StreamServer.ts"

vi.setConfig({ testTimeout: 180_000 })

const open = (url: string, guild: string, cookie: string, headers?: Readonly<Record<string, string>>) =>
  listen(`${url}/guilds/${guild}/numbers`, cookie, headers)

const notify = Effect.fnUntraced(function* (guild: string, rest: string) {
  const { sql } = yield* TestApp
  yield* sql`select pg_notify('plan', ${`${guild} ${rest}`})`
})

const started = (options?: Parameters<typeof startStreams>[1], changes: Readonly<Record<string, string>> = {}) =>
  Effect.flatMap(TestApp, ({ variables }) => startStreams({ ...variables, ...changes }, options))

layer(TestApp.layer(), live)("event streams", (it) => {
  it.effect("bring what happens on any replica, and hand on the last event's id", () =>
    Effect.gen(function* () {
      const url = yield* started()
      const { admin, guild } = yield* foundGuild()
      const cookie = yield* cookieOf(admin)
      const stream = yield* open(url, guild.id, cookie)
      assert.strictEqual(stream.response.status, 200)
      const { headers } = stream.response
      assert.deepStrictEqual(
        ["content-type", "cache-control", "x-accel-buffering"].map((name) => headers.get(name)),
        ["text/event-stream", "no-store", "no"]
      )
      yield* stream.has(`id: 2\nevent: heard\ndata: {"rest":"","after":null}\n\n`)
      assert.match(stream.text(), /^retry: \d{3,4}\n\nid: 1\n/)
      yield* notify(guild.id, "12")
      yield* stream.has(`event: heard\ndata: {"rest":"12","after":null}\n\n`)
      const next = yield* open(url, guild.id, cookie, { "last-event-id": "11" })
      yield* next.has(`{"rest":"","after":"11"}`)
      const odd = yield* open(url, guild.id, cookie, { "last-event-id": "a b" })
      yield* odd.has(`{"rest":"","after":null}`)
      // As tests of every route see it: the first event, and then the stream is left.
      const { send } = yield* openBrowser(url, admin.jar)
      const { body } = yield* send("GET", `/guilds/${guild.id}/numbers`)
      assert.deepStrictEqual(body, { id: "1", event: "heard", data: { rest: "", after: null } })
      const stranger = yield* open(url, guild.id, "session=nobody")
      assert.strictEqual(stranger.response.status, 401)
    })
  )

  it("are declared by the schema of one event, as generators of clients expect", () => {
    const spec = OpenApi.fromApi(StreamApi, { includeAnnotationKey: (key) => key === keywordsKey })
    const { paths } = completed(spec, StreamApi.groups, { info: {}, isCounted: () => true }) as OpenApiDocument
    const { responses, parameters } = operationsOf({ paths, components: { schemas: {}, responses: {} } })[0]!
    const { schema, example } = responses[200]!.content!["text/event-stream"]!
    assert.deepStrictEqual(example, { id: "12", event: "heard", data: { rest: "7", after: "11" } })
    assert.deepStrictEqual(schema.properties!.event!.enum, ["heard"])
    assert.deepStrictEqual(
      parameters.map(({ name }) => name),
      ["guild_id", "Last-Event-ID"]
    )
  })

  it.effect("send something now and then when nothing happens", () =>
    Effect.gen(function* () {
      const url = yield* started({ rules: { replica: 5, person: 5, heartbeat: 1 } })
      const { admin, guild } = yield* foundGuild()
      const stream = yield* open(url, guild.id, yield* cookieOf(admin))
      yield* stream.has("\n\n: \n\n: \n\n")
      assert.strictEqual(stream.state(), "open")
    })
  )

  it.effect("are read by the client package, which goes on with the next replica", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const port = yield* step(freePort)
      const place = { APP_PORT: String(port) }
      const url = yield* Scope.provide(started({}, place), scope)
      const { admin, guild } = yield* foundGuild()
      const client = createClient({
        baseUrl: url,
        cookies: yield* Effect.map(cookieOf(admin), (cookie) => ({ header: () => cookie, store: () => {} }))
      }) as unknown as { events: (path: string, input: object) => AsyncIterable<{ id: string; data: unknown }> }
      const abort = new AbortController()
      yield* Effect.addFinalizer(() => Effect.sync(() => abort.abort()))
      const input = { path: { guild_id: guild.id }, signal: abort.signal }
      const got: Array<unknown> = []
      const reading = async () => {
        for await (const { data } of client.events("/guilds/{guild_id}/numbers", input)) got.push(data)
      }
      reading().catch(() => {})
      const has = (rest: string, after: string | null, times = 1) =>
        until(
          Effect.sync(() => JSON.stringify(got).split(JSON.stringify({ rest, after })).length - 1),
          (count) => count >= times
        )
      // On subscribing, and when the connection listens.
      yield* has("", null, 2)
      yield* notify(guild.id, "1")
      yield* has("1", null)
      const seen = String(got.length)
      yield* Scope.close(scope, Exit.void)
      const began = performance.now()
      yield* started({}, place)
      yield* has("", seen, 2)
      assert.isBelow(performance.now() - began, 5000)
      yield* notify(guild.id, "2")
      yield* has("2", seen)
    })
  )

  it.effect("end at a drain with a hint to connect again, and none is cut", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const url = yield* Scope.provide(started(), scope)
      const { admin, guild } = yield* foundGuild()
      const cookie = yield* cookieOf(admin)
      const streams = yield* Effect.replicateEffect(open(url, guild.id, cookie), 10)
      for (const stream of streams) yield* stream.has("heard")
      const began = performance.now()
      yield* Scope.close(scope, Exit.void)
      assert.isBelow(performance.now() - began, 3000)
      for (const stream of streams) {
        assert.strictEqual(yield* stream.ended, "ended")
        assert.match(stream.text(), /\n\nevent: reconnect\ndata: \{\}\n\n$/)
      }
    })
  )

  it.effect("end within 5 s of the session's end or the membership's, and no others", () =>
    Effect.gen(function* () {
      const url = yield* started()
      const { admin, guild, join } = yield* foundGuild()
      const [raider, leaver, guest] = [yield* somebody(), yield* somebody(), yield* somebody()]
      for (const person of [raider, leaver, guest]) yield* join(person, "raider")
      const elsewhere = yield* foundGuild()
      yield* elsewhere.join(leaver, "raider")
      const [a, r, l, g] = yield* Effect.forEach([admin, raider, leaver, guest], cookieOf)
      const stay = [yield* open(url, guild.id, a!), yield* open(url, elsewhere.guild.id, l!)]
      const end = [yield* open(url, guild.id, r!), yield* open(url, guild.id, l!), yield* open(url, guild.id, g!)]
      for (const stream of [...stay, ...end]) yield* stream.has("heard")
      const began = performance.now()
      yield* raider.client.sessions.logout()
      yield* leaver.client.guilds.removeMember({ params: { guild_id: guild.id, user_id: leaver.id } })
      const { sql } = yield* TestApp
      yield* sql`update user_sessions set expires_at = now() - interval '1 second' where user_id = ${guest.id}`
      for (const stream of end) {
        assert.strictEqual(yield* stream.ended, "ended")
        assert.notInclude(stream.text(), "reconnect")
      }
      assert.isBelow(performance.now() - began, 5000)
      for (const stream of stay) assert.strictEqual(stream.state(), "open")
      yield* elsewhere.admin.client.guilds.remove({ params: { guild_id: elsewhere.guild.id } })
      assert.strictEqual(yield* stay[1]!.ended, "ended")
      assert.strictEqual(stay[0]!.state(), "open")
    })
  )

  it.effect("are bounded for a person and for a replica, and a place is free again when one goes", () =>
    Effect.gen(function* () {
      const port = yield* step(freePort)
      const rules = { replica: 5, person: 3, heartbeat: 15 }
      const url = yield* started({ rules }, { METRICS_PORT: String(port) })
      const { admin, guild, join } = yield* foundGuild()
      const raider = yield* somebody()
      yield* join(raider, "raider")
      const [mine, theirs] = [yield* cookieOf(admin), yield* cookieOf(raider)]
      const refusalOf = Effect.fnUntraced(function* (cookie: string) {
        const { response, text, ended } = yield* open(url, guild.id, cookie)
        yield* ended
        assert.match(response.headers.get("retry-after") ?? "", /^\d+$/)
        return [response.status, JSON.parse(text()).error.code]
      })
      const streams = yield* Effect.replicateEffect(open(url, guild.id, mine), 3)
      assert.deepStrictEqual(yield* refusalOf(mine), [429, "rate_limit.exceeded"])
      yield* Effect.replicateEffect(open(url, guild.id, theirs), 2)
      assert.deepStrictEqual(yield* refusalOf(theirs), [503, "dependency.unavailable"])
      const metrics = yield* Effect.promise(() => fetch(`http://127.0.0.1:${port}/metrics`).then((one) => one.text()))
      assert.match(metrics, /^http_server_event_streams 5$/m)
      streams[0]!.close()
      const again = until(open(url, guild.id, theirs), ({ response }) => response.status === 200)
      yield* Effect.timeout(again, "5 seconds")
      // A HEAD takes no place.
      streams[1]!.close()
      const asked = Effect.promise(() =>
        fetch(`${url}/guilds/${guild.id}/numbers`, { method: "HEAD", headers: { cookie: mine } })
      )
      yield* until(asked, ({ status }) => status === 200)
      for (let n = 0; n < 5; n += 1) assert.strictEqual((yield* asked).status, 200)
    })
  )

  it.effect("of a thousand cost a statement every two seconds for all, and under 100 MB", () =>
    Effect.gen(function* () {
      const texts: Array<string> = []
      const url = yield* started({
        rules: { replica: 1000, person: 1000, heartbeat: 15 },
        onStatement: (text) => texts.push(text)
      })
      const { admin, guild } = yield* foundGuild()
      const cookie = yield* cookieOf(admin)
      const request = `GET /guilds/${guild.id}/numbers HTTP/1.1\r\nhost: localhost\r\ncookie: ${cookie}\r\n\r\n`
      const before = process.memoryUsage.rss()
      const heard = Array.from({ length: 1000 }, () => 0)
      const sockets = heard.map((_, index) => {
        const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(request))
        socket
          .setEncoding("utf8")
          .on("data", (part: string) => (heard[index]! += part.split("event: heard").length - 1))
        return socket
      })
      yield* Effect.addFinalizer(() => Effect.sync(() => sockets.forEach((socket) => socket.destroy())))
      const all = (events: number) =>
        until(
          Effect.sync(() => heard.filter((count) => count >= events).length),
          (count) => count === 1000
        )
      yield* all(1)
      yield* Effect.sleep("1 second")
      texts.length = 0
      const counts = [...heard]
      const began = performance.now()
      for (let n = 1; n <= 5; n += 1) yield* notify(guild.id, String(n))
      yield* until(
        Effect.sync(() => heard.every((count, index) => count >= counts[index]! + 5)),
        (arrived) => arrived
      )
      const took = performance.now() - began
      yield* Effect.sleep("4 seconds")
      const asked = Math.ceil((performance.now() - began) / 2000)
      assert.isAtMost(texts.length, asked)
      assert.isAtLeast(texts.length, 1)
      for (const text of texts) assert.include(text, "user_sessions")
      // The thousand who listen are in this process, too.
      const megabytes = (process.memoryUsage.rss() - before) / 1e6
      assert.isBelow(megabytes, 100)
      assert.isBelow(took, 2000)
    })
  )

  it.effect("of a reader that does not read hold little, and bring it the newest", () =>
    Effect.gen(function* () {
      const url = yield* started()
      const { admin, guild } = yield* foundGuild()
      const cookie = yield* cookieOf(admin)
      const socket = connect(Number(new URL(url).port), "127.0.0.1")
      yield* Effect.addFinalizer(() => Effect.sync(() => socket.destroy()))
      socket.write(`GET /guilds/${guild.id}/numbers HTTP/1.1\r\nhost: localhost\r\ncookie: ${cookie}\r\n\r\n`)
      let text = ""
      socket.setEncoding("utf8").on("data", (part: string) => (text += part))
      yield* until(
        Effect.sync(() => text),
        (text) => text.includes("id: 2\n")
      )
      socket.pause()
      const fast = yield* open(url, guild.id, cookie)
      yield* fast.has("heard")
      const { sql } = yield* TestApp
      const rest = "x".repeat(7000)
      for (let round = 0; round < 30; round += 1)
        yield* sql`select pg_notify('plan', ${`${guild.id} ${rest}`} || n) from generate_series(1, 200) n`
      yield* notify(guild.id, "the-newest")
      yield* until(
        Effect.sync(() => fast.text().slice(-300)),
        (text) => text.includes("the-newest")
      )
      // Not all 42 MB are kept: what arrives is what the sockets held, and the newest few.
      socket.resume()
      yield* until(
        Effect.sync(() => text.slice(-300)),
        (text) => text.includes("the-newest")
      )
      assert.isBelow(text.split("event: heard").length, 4000)
    })
  )
})
