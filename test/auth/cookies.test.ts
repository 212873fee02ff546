import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { noteSecret } from "../support/canaries.ts"
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
      const url = yield* startReplica({ ...app.variables, ...way.variables })
      const { send } = yield* openBrowser(url)
      const post = (path: string, headers: Readonly<Record<string, string>>, body?: string) =>
        Effect.promise(async () => {
          const answer = await fetch(`${url}/api/v1/auth/${path}`, { method: "POST", headers, body: body ?? null })
          return { status: answer.status, set: answer.headers.getSetCookie() }
        })
      const [session, csrf] = way.names
      // What may be there without the Domain is expired first.
      const line = (name: string, value: string, age: number, flags: string) => [
        ...(way.domain === undefined ? [] : [`${name}=; Max-Age=0; Path=/; ${flags}`]),
        ...(age < 0 ? [] : [`${name}=${value}; Max-Age=${age}; ${way.domain ?? ""}Path=/; ${flags}`])
      ]
      const lines = (sid: string, token: string, age: number) => [
        ...line(session!, sid, age, `HttpOnly; ${way.attributes}`),
        ...line(csrf!, token, age, way.attributes),
        ...line("oauth_browser", "", -1, `HttpOnly; ${way.attributes}`)
      ]
      // A cookie jar would not send Secure cookies over plain HTTP, so the test sends them itself.
      const begun = yield* send("GET", "/api/v1/auth/discord/url")
      const json = yield* app.discord.authorize(begun.body.url, personas.raider.id)
      const browser = begun.setCookie.split(";")[0]!
      const signedIn = { cookie: browser, "content-type": "application/json" }
      const { set } = yield* post("discord/callback", signedIn, JSON.stringify(json))
      const [sid, token] = set.flatMap((line) => /=([\w-]{43});/.exec(line)?.[1] ?? [])
      noteSecret(sid!)
      noteSecret(token!)
      assert.deepStrictEqual(set, lines(sid!, token!, 7_776_000))
      const headers = { cookie: `${session}=${sid}`, "x-csrf-token": token! }
      const gone = yield* post("logout", headers)
      assert.deepStrictEqual([gone.status, gone.set], [204, lines("", "", 0)])
    })
  )

  it.effect("the sign-in cookie has the same prefix as the session's, and lasts an hour", () =>
    Effect.gen(function* () {
      const app = yield* TestApp
      for (const [name, prefix, domain] of [
        ["__Host-sid", "__Host-", ""],
        ["__Secure-sid", "__Secure-", "Domain=app.test; "],
        ["sid__Host-", "", "Domain=app.test; "]
      ] as const) {
        const variables = { COOKIE_SECURE: "true", COOKIE_DOMAIN: "app.test", SESSION_COOKIE_NAME: name }
        const url = yield* startReplica({ ...app.variables, ...variables })
        const { headers } = yield* Effect.promise(() => fetch(`${url}/api/v1/auth/discord/url`))
        const twin = `${prefix}oauth_browser=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`
        assert.deepStrictEqual(
          headers.getSetCookie().map((line) => line.replace(/=[\w-]{43};/, ";")),
          [
            ...(domain === "" ? [] : [twin]),
            `${prefix}oauth_browser; Max-Age=3600; ${domain}Path=/; HttpOnly; Secure; SameSite=Lax`
          ]
        )
      }
    })
  )

  it.effect("a session is read from any Cookie header that has it", () =>
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
        `session=${token}; session="${token}"`,
        `session=a; session=${token}`
      ])
        assert.strictEqual((yield* ask(header)).status, 200, header)
      for (const header of [`session="${token}`, `xsession=${token}`, `=${token}`])
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
