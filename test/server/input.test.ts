import { assert, layer } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { openBrowser } from "../support/Browser.ts"
import { details, somebody } from "../support/people.ts"
import { query } from "../support/query.ts"
import { raw } from "../support/raw.ts"
import { routes } from "../support/routes.ts"
import { slowness } from "../support/slowness.ts"
import { live, TestApp } from "../support/TestApp.ts"

const path = "/api/v1/guilds"

/** The head of a POST from a signed-in browser. */
const head = Effect.fnUntraced(function* (...headers: ReadonlyArray<string>) {
  const { cookie } = yield* somebody()
  return [
    `POST ${path} HTTP/1.1`,
    "Host: app",
    "Connection: close",
    `Cookie: session=${yield* cookie("session")}`,
    `X-CSRF-Token: ${yield* cookie("csrf")}`,
    ...headers,
    "",
    ""
  ].join("\r\n")
})

const json = "Content-Type: application/json"

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])

const codeOf = (answer: string) => /"code":"([^"]+)"/.exec(answer)?.[1]

/** A guild as JSON of exactly this length, filled up by a field that is ignored. */
const padded = (length: number) => {
  const text = JSON.stringify({ ...details, padding: "" })
  return text.replace('"padding":""', `"padding":"${"x".repeat(length - text.length)}"`)
}

layer(TestApp.layer(), live)("input", (it) => {
  it.effect.each([
    { size: 65_536, status: 201 },
    { size: 65_537, status: 413 }
  ])("I01 a body of $size bytes answers $status", ({ size, status }) =>
    Effect.gen(function* () {
      const { send } = yield* somebody()
      const answer = yield* send("POST", path, { text: [padded(size), "application/json"] })
      assert.strictEqual(answer.status, status)
    })
  )

  it.effect.each([
    { what: "100 MB announced", headers: [json, "Content-Length: 104857600"], body: "{", status: 413 },
    {
      what: "endless chunks",
      headers: [json, "Transfer-Encoding: chunked"],
      body: `10000\r\n${"x".repeat(65_536)}\r\n`.repeat(20),
      status: 413
    },
    { what: "more than announced", headers: [json, "Content-Length: 2"], body: "{}{}", status: 400 },
    { what: "a negative length", headers: [json, "Content-Length: -1"], body: "", status: 400 },
    { what: "nothing", headers: [json, "Content-Length: 0"], body: "", status: 400 }
  ])("I01 $what is refused within a second", ({ headers, body, status }) =>
    Effect.gen(function* () {
      const { url } = yield* TestApp
      const bytes = (yield* head(...headers)) + body
      const started = yield* Clock.currentTimeMillis
      const answer = yield* raw(url, bytes)
      assert.strictEqual(statusOf(answer), status)
      assert.isBelow((yield* Clock.currentTimeMillis) - started, 1000)
    })
  )

  it.effect.each([
    ["nesting", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`],
    ["thousands of keys", `{${Array.from({ length: 6000 }, (_, i) => `"${i}":1`).join(",")},"0":2}`],
    ["a key twice", '{"name":"a","name":"b"}'],
    ["an escaped key twice", '{"name":"a","n\\u0061me":"b"}'],
    ["a number out of range", '{"name":1e400}'],
    ["a lone surrogate", '{"name":"\\ud800"}'],
    ["a byte order mark", '\uFEFF{"name":"a"}'],
    ["trailing text", '{"name":"a"} x'],
    ["NUL", '{"name":"a\\u0000"}']
  ])("I02 %s in JSON is refused at little cost", ([, text]) =>
    Effect.gen(function* () {
      const { send } = yield* somebody()
      const before = process.cpuUsage()
      const { status, body } = yield* send("POST", path, { text: [text!, "application/json"] })
      const { user } = process.cpuUsage(before)
      assert.deepStrictEqual([status, body.error.code], [400, "validation.invalid_request"])
      assert.isBelow(user / 1000, 100 * slowness())
    })
  )

  it.effect("I03 invalid UTF-8 is refused in body, path and query, and nothing is stored in its place", () =>
    Effect.gen(function* () {
      const { url } = yield* TestApp
      for (const bytes of [[0xff], [0xc0, 0xaf], [0xe2, 0x82], [0xed, 0xa0, 0x80]]) {
        const body = Buffer.concat([Buffer.from('{"name":"'), Buffer.from(bytes), Buffer.from('"}')])
        const bytesOf = Buffer.concat([Buffer.from(yield* head(json, `Content-Length: ${body.length}`)), body])
        const answer = yield* raw(url, bytesOf)
        assert.deepStrictEqual([statusOf(answer), codeOf(answer)], [400, "validation.invalid_request"])
      }
      const { send } = yield* openBrowser()
      for (const at of [`${path}/%ff`, `${path}/%00`, `${path}?x=%ff`, `${path}?x=%00`, `${path}?x=%zz`]) {
        assert.strictEqual((yield* send("GET", at)).body.error.code, "validation.invalid_request", at)
      }
      assert.deepStrictEqual(
        yield* query`select count(*)::int as n from guilds where name like '%' || chr(65533) || '%'`,
        [{ n: 0 }]
      )
    })
  )

  it.effect.each([
    ["absent", []],
    ["double", [json, json]],
    ["text", ["Content-Type: text/plain"]],
    ["utf-16", ["Content-Type: application/json; charset=utf-16"]],
    ["latin-1", ["Content-Type: application/json; charset=iso-8859-1"]],
    ["gzip", [json, "Content-Encoding: gzip"]]
  ] as const)("I04 a body whose type is %s is 415", ([, headers]) =>
    Effect.gen(function* () {
      const { url } = yield* TestApp
      const body = JSON.stringify(details)
      const answer = yield* raw(url, (yield* head(...headers, `Content-Length: ${body.length}`)) + body)
      assert.deepStrictEqual([statusOf(answer), codeOf(answer)], [415, "request.unsupported_media_type"])
    })
  )

  it.effect("I05 I06 names in any script or code come back unchanged, unreadable ones are refused", () =>
    Effect.gen(function* () {
      const { client } = yield* somebody()
      const kept = [
        "獣".repeat(64),
        "🦊".repeat(64),
        "שומרי הלילה",
        "'; drop table guilds; --",
        "$(rm -rf /)",
        "${7*7} {{7*7}} <b>"
      ]
      for (const name of kept) {
        assert.strictEqual((yield* client.guilds.create({ payload: { ...details, name } })).guild.name, name)
      }
      for (const name of ["x".repeat(65), "\u200B\u200D", "a\u0007", "\u202Eevil", ""]) {
        const error = yield* Effect.flip(client.guilds.create({ payload: { ...details, name } }))
        assert.strictEqual(error._tag, "guild.validation_failed", JSON.stringify(name))
      }
    })
  )

  const hostile = [
    "garbage",
    "{}",
    "%2e%2e",
    "..%2f..",
    "%00",
    "%ff",
    "a".repeat(10_000),
    "1'--",
    "00000000000040008000000000000000"
  ]
  const parameterised = routes.filter(({ name }) => name.includes(":"))

  it.effect.each(parameterised)("I07 $name with a hostile id is 400 or 404 in the envelope", ({ method, name }) =>
    Effect.gen(function* () {
      const { send } = yield* somebody()
      for (const id of hostile) {
        const answer = yield* send(
          method,
          name.split(" ")[1]!.replace(/:\w+/, id).replace(/:\w+/g, "00000000-0000-4000-8000-000000000000"),
          method === "GET" ? {} : { json: {} }
        )
        // 405: a client resolves "..", and then asks another route.
        assert.include(id.startsWith("%2e") ? [400, 404, 405] : [400, 404], answer.status, id.slice(0, 40))
        assert.match(
          answer.body.error.code,
          /^(validation\.invalid_request|route\.(not_found|method_not_allowed)|guild\.invite_not_found|(game_version|ruleset)\.not_found|plan\.share_not_found)$/
        )
      }
    })
  )

  it.effect.each([
    ["two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n"],
    ["both a length and chunks", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"],
    ["an unknown coding", "Transfer-Encoding: chunked, gzip\r\n"],
    ["two hosts", "Host: other\r\n"],
    ["a folded header", "X-A: b\r\n c\r\n"],
    ["an upgrade", "Connection: Upgrade\r\nUpgrade: websocket\r\n"],
    ["17 KB of header", `X-A: ${"a".repeat(17_000)}\r\n`],
    ["a control character", "X-A: \u0001\r\n"]
  ])("I08 %s gets one refusal and no second answer", ([, extra]) =>
    Effect.gen(function* () {
      const { url } = yield* TestApp
      const answer = yield* raw(url, `GET /api/v1/health HTTP/1.1\r\nHost: app\r\n${extra}\r\n`, 2000)
      assert.include([400, 413], statusOf(answer))
      assert.lengthOf(answer.match(/^HTTP\/1\.1 /gm)!, 1)
      assert.match(codeOf(answer)!, /^(validation\.invalid_request|request\.too_large)$/)
    })
  )

  it.effect.each([
    ["TRACE", "TRACE /api/v1/health HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n", 405],
    ["CONNECT", "CONNECT app:443 HTTP/1.1\r\nHost: app\r\n\r\n", 400],
    ["the absolute form", "GET http://evil.test/api/v1/health HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n", 400],
    ["HTTP/2.0", "GET /api/v1/health HTTP/2.0\r\nHost: app\r\n\r\n", 400],
    ["no version", "GET /api/v1/health\r\n\r\n", 400],
    ["no host", "GET /api/v1/health HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
    ["an unknown method", "FOO /api/v1/health HTTP/1.1\r\nHost: app\r\n\r\n", 400],
    ["doubled slashes", "GET //api//v1//health HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n", 404]
  ] as const)("I08 %s is refused in the envelope", ([, bytes, status]) =>
    Effect.gen(function* () {
      const { url } = yield* TestApp
      const answer = yield* raw(url, bytes, 2000)
      assert.strictEqual(statusOf(answer), status)
      assert.isString(codeOf(answer))
    })
  )

  it.effect("I09 of two different session cookies the live one counts, and the same one may come twice", () =>
    Effect.gen(function* () {
      const { cookie } = yield* somebody()
      const session = `session=${yield* cookie("session")}`
      const status = (sent: string) =>
        Effect.flatMap(openBrowser(), ({ send }) =>
          Effect.map(send("GET", "/api/v1/auth/session", { headers: { cookie: sent } }), (answer) => answer.status)
        )
      assert.strictEqual(yield* status(`${session}; session=other`), 200)
      assert.strictEqual(yield* status(`session=other; ${session}`), 200)
      assert.strictEqual(yield* status(`${session}; ${session}`), 200)
    })
  )

  it.effect("I11 a character's name, realm and region never reach another host or path of a provider", () =>
    Effect.gen(function* () {
      const { battlenet, warcraftlogs } = yield* TestApp
      const { client, id } = yield* somebody()
      for (const [name, server] of [
        ["../../data/wow/token", "x"],
        ["x", "../../../oauth"],
        ["a?namespace=evil#", "b/c"],
        ["..", ".."],
        ["%2e%2e%2f", "@evil.test"]
      ] as const) {
        const [row] = yield* query`
          insert into characters (user_id, name, region, server, class, race, spec, role, rank)
          values (${id}::uuid, ${name}, 'eu', ${server}, 'Mage', 'Undead', 'Frost', 'ranged', 'main') returning id`
        const params = { character_id: row!.id as never }
        assert.isString((yield* client.refreshes.battlenet({ params })).battlenet.error)
        assert.isString((yield* client.refreshes.warcraftlogs({ params })).warcraftlogs.error)
      }
      const asked = battlenet.calls.all.map((call) => call.path)
      for (const each of asked)
        assert.match(each, /^\/(oauth\/)?token$|^\/eu\/(profile\/wow\/character|data\/wow\/realm)\//)
      assert.isTrue(warcraftlogs.calls.all.every((call) => /^\/(oauth\/token|api\/v2\/client)$/.test(call.path)))
    })
  )

  it.effect("I12 an unknown route is 404 and a wrong method 405 with Allow", () =>
    Effect.gen(function* () {
      const { send } = yield* openBrowser()
      assert.strictEqual((yield* send("GET", "/api/v1/nothing")).status, 404)
      const { status, headers } = yield* send("PUT" as "POST", path)
      assert.deepStrictEqual([status, headers.allow], [405, "POST, GET, HEAD"])
    })
  )
})
