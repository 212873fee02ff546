import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"

const ways = [
  { variables: { COOKIE_SECURE: "false" }, attributes: "SameSite=Lax", names: ["session", "csrf"] },
  { variables: { COOKIE_SECURE: "true" }, attributes: "Secure; SameSite=Lax", names: ["session", "csrf"] },
  {
    variables: { COOKIE_SECURE: "false", COOKIE_DOMAIN: "app.test" },
    domain: "Domain=app.test; ",
    attributes: "SameSite=Lax",
    names: ["session", "csrf"]
  },
  {
    variables: { COOKIE_SECURE: "true", COOKIE_DOMAIN: "app.test", COOKIE_SAME_SITE: "None" },
    domain: "Domain=app.test; ",
    attributes: "Secure; SameSite=None",
    names: ["session", "csrf"]
  },
  {
    variables: {
      COOKIE_SECURE: "true",
      COOKIE_DOMAIN: "app.test",
      COOKIE_SAME_SITE: "Strict",
      SESSION_COOKIE_NAME: "__Host-sid",
      CSRF_COOKIE_NAME: "__Host-csrf"
    },
    attributes: "Secure; SameSite=Strict",
    names: ["__Host-sid", "__Host-csrf"]
  }
]

layer(TestApp.layer(), live)("cookies", (it) => {
  it.effect.each(ways)("S01 with $variables have exactly these attributes, and are cleared with the same ones", (way) =>
    Effect.gen(function* () {
      const app = yield* TestApp
      const { send } = yield* openBrowser(yield* startReplica({ ...app.variables, ...way.variables }))
      const [session, csrf] = way.names
      const lines = (sid: string, token: string, age: number) => [
        `${session}=${sid}; Max-Age=${age}; ${way.domain ?? ""}Path=/; HttpOnly; ${way.attributes}`,
        `${csrf}=${token}; Max-Age=${age}; ${way.domain ?? ""}Path=/; ${way.attributes}`
      ]
      // A cookie jar would not send Secure cookies over plain HTTP, so the test sends them itself.
      const begun = yield* send("GET", "/api/v1/auth/discord/url")
      const json = yield* app.discord.authorize(begun.body.url, personas.raider.id)
      const browser = begun.setCookie.split(";")[0]!
      const { setCookie } = yield* send("POST", "/api/v1/auth/discord/callback", { json, headers: { cookie: browser } })
      const [sid, token] = setCookie.split("\n").map((line) => /=([\w-]{43});/.exec(line)![1]!)
      assert.deepStrictEqual(setCookie.split("\n"), lines(sid!, token!, 7_776_000))
      const headers = { cookie: `${session}=${sid}`, "x-csrf-token": token! }
      const gone = yield* send("POST", "/api/v1/auth/logout", { headers })
      assert.deepStrictEqual([gone.status, gone.setCookie.split("\n")], [204, lines("", "", 0)])
    })
  )

  it.effect("the sign-in cookie has the same prefix as the session's, and lasts an hour", () =>
    Effect.gen(function* () {
      const app = yield* TestApp
      for (const [name, prefix, domain] of [
        ["__Host-sid", "__Host-", ""],
        ["__Secure-sid", "__Secure-", "Domain=app.test; "],
        ["sid__Host-", "", "Domain=app.test; "]
      ]) {
        const variables = { COOKIE_SECURE: "true", COOKIE_DOMAIN: "app.test", SESSION_COOKIE_NAME: name! }
        const { send } = yield* openBrowser(yield* startReplica({ ...app.variables, ...variables }))
        const { setCookie } = yield* send("GET", "/api/v1/auth/discord/url")
        assert.strictEqual(
          setCookie.replace(/=[\w-]{43};/, ";"),
          `${prefix}oauth_browser; Max-Age=3600; ${domain}Path=/; HttpOnly; Secure; SameSite=Lax`
        )
      }
    })
  )

  it.effect("a session is read from any Cookie header that has one value for it", () =>
    Effect.gen(function* () {
      const { signIn, cookie, url } = yield* openBrowser()
      yield* signIn()
      const token = yield* cookie("session")
      const ask = (header: string) =>
        Effect.promise(() => fetch(`${url}/api/v1/auth/session`, { headers: { cookie: header } }))
      for (const header of [
        `session=${token}`,
        `a=b;session=${token};c`,
        `session ; a="x" ; session = ${token} `,
        `session="${token}"`,
        `session=${token}; session="${token}"`
      ])
        assert.strictEqual((yield* ask(header)).status, 200, header)
      for (const header of [`session="${token}`, `xsession=${token}`, `session=a; session=${token}`, `=${token}`])
        assert.strictEqual((yield* ask(header)).status, 401, header)
      const cleared = (header: string) =>
        Effect.map(ask(header), ({ headers }) =>
          headers.getSetCookie().some((line) => line.startsWith("session=; Max-Age=0"))
        )
      assert.deepStrictEqual(
        [yield* cleared("session="), yield* cleared("a=b"), yield* cleared("session=dead")],
        [true, false, true]
      )
    })
  )
})
