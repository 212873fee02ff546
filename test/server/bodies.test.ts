import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { openBrowser } from "../support/Browser.ts"
import { details } from "../support/people.ts"
import { raw } from "../support/raw.ts"
import { live, TestApp } from "../support/TestApp.ts"

const guilds = "/api/v1/guilds"

layer(TestApp.layer(), live)("bodies", (it) => {
  it.effect.each([
    ["\u00ff{}", "is not valid UTF-8"],
    ["\u00ef\u00bb\u00bf{}", "starts with a byte order mark"]
  ] as const)("a body of the bytes %j is refused with a reason", ([body, reason]) =>
    Effect.gen(function* () {
      const { signIn, cookie, url } = yield* openBrowser()
      yield* signIn()
      const [session, csrf] = [yield* cookie("session"), yield* cookie("csrf")]
      const answer = yield* Effect.promise(async () => {
        const response = await fetch(`${url}${guilds}`, {
          method: "POST",
          headers: { cookie: `session=${session}`, "x-csrf-token": csrf!, "content-type": "application/json" },
          body: Buffer.from(body, "latin1")
        })
        return (await response.json()) as { error: { details: unknown } }
      })
      assert.deepStrictEqual(answer.error.details, { fields: [{ field: "body", reason }] })
    })
  )

  it.effect.each([
    ["a type without a body", "Content-Type: text/plain\r\nContent-Length: 0", ""],
    ["chunks without a type", "Transfer-Encoding: chunked", "2\r\n{}\r\n0\r\n\r\n"]
  ])("%s is 415", ([, headers, body]) =>
    Effect.gen(function* () {
      const { signIn, cookie, url } = yield* openBrowser()
      yield* signIn()
      const identity = `Cookie: session=${yield* cookie("session")}\r\nX-CSRF-Token: ${yield* cookie("csrf")}`
      const head = `POST /api/v1/auth/logout HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n${identity}`
      assert.match(yield* raw(url, `${head}\r\n${headers}\r\n\r\n${body}`), /^HTTP\/1.1 415 /)
    })
  )

  it.effect.each([
    ["application/json", 201],
    ["Application/JSON  ;  charset  =  utf-8  ", 201],
    ['application/json;charset="UTF-8', 201],
    ['application/json;charset="UTF-8"', 201],
    ["xapplication/json", 415],
    ["application/jsonx", 415],
    ["application/json; charset=utf-8x", 415],
    ["application/json; charset=latin1", 415],
    ["application/json;", 415],
    ["", 415]
  ] as const)("a body of type %j is answered with %i", ([type, status]) =>
    Effect.gen(function* () {
      const { signIn, cookie, url } = yield* openBrowser()
      yield* signIn()
      const [session, csrf] = [yield* cookie("session"), yield* cookie("csrf")]
      const answer = yield* raw(
        url,
        [
          "POST /api/v1/guilds HTTP/1.1",
          "Host: app.test",
          "Connection: close",
          `Cookie: session=${session}`,
          `X-CSRF-Token: ${csrf}`,
          `Content-Type: ${type}`,
          `Content-Length: ${Buffer.byteLength(JSON.stringify(details))}`,
          "",
          JSON.stringify(details)
        ].join("\r\n")
      )
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
    })
  )
})
