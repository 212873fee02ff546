import { Effect, Redacted } from "effect"
import assert from "node:assert/strict"
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type IncomingMessage, request, type RequestListener, type ServerResponse } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { AddressInfo, Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type BrowserContext, chromium, type Page } from "../tools/playwright.ts"
import { createDatabase, embeddedPostgres } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { embeddedRedis } from "../../src/demo/servers/EmbeddedRedis.ts"
import { battlenetSimulator } from "../../src/demo/simulators/Battlenet.ts"
import { discordSimulator } from "../../src/demo/simulators/Discord.ts"
import { warcraftlogsSimulator } from "../../src/demo/simulators/Warcraftlogs.ts"
import { ownCertificate } from "../support/Certificates.ts"
import { environment } from "../support/environment.ts"
import { details } from "../support/people.ts"
import { startReplica, variablesOf } from "../support/TestApp.ts"

/*
 * Signs in and makes a guild in a browser, for each way that app and API may live apart: only a browser knows which
 * cookies it keeps, sends and shows. Not part of `npm test`, because it needs Chromium and openssl.
 */

const executablePath = process.env.CHROMIUM_PATH || "/usr/bin/chromium"
const client = { clientId: environment.DISCORD_CLIENT_ID, clientSecret: environment.DISCORD_CLIENT_SECRET }
const redirectOf = (app: string) => `${app}/auth/discord/callback`

/** A new profile of some Chromium refuses cookies of other sites, as private windows do. */
const takesAllCookies = { profile: { cookie_controls_mode: 0, block_third_party_cookies: false } }

interface Layout {
  readonly name: string
  readonly app: string
  readonly api: string
  readonly variables: Readonly<Record<string, string>>
  /** What the browser says of a request of the app. */
  readonly site: "cross-site" | "same-site"
  /** The csrf cookie's name if the app's pages can read it. */
  readonly readable: string | undefined
}

const apart: Layout = {
  name: "two sites",
  app: "https://app.a.test",
  api: "https://api.b.test",
  variables: { COOKIE_DOMAIN: "localhost", COOKIE_SECURE: "true", COOKIE_SAME_SITE: "None" },
  site: "cross-site",
  readable: undefined
}

const apartWithDomain: Layout = {
  ...apart,
  name: "two sites, with the API's COOKIE_DOMAIN",
  variables: { ...apart.variables, COOKIE_DOMAIN: "b.test" }
}

const together: Layout = {
  name: "one site",
  app: "https://app.a.test",
  api: "https://api.a.test",
  variables: { COOKIE_DOMAIN: "a.test", COOKIE_SECURE: "true", COOKIE_SAME_SITE: "Lax" },
  site: "same-site",
  readable: "csrf"
}

const hostOnly: Layout = {
  ...together,
  name: "one site, cookies of the API's host",
  variables: { ...together.variables, COOKIE_DOMAIN: "localhost" },
  readable: undefined
}

/** As `.env.example` has it: without TLS, on ports of one host. */
const example = (app: string): Layout => ({
  name: "one host, the example's names",
  app,
  api: "",
  variables: {
    COOKIE_DOMAIN: "localhost",
    COOKIE_SECURE: "true",
    COOKIE_SAME_SITE: "Lax",
    SESSION_COOKIE_NAME: "__Host-session",
    CSRF_COOKIE_NAME: "__Host-csrf"
  },
  site: "same-site",
  readable: "__Host-csrf"
})

const listening = (server: Server) =>
  Effect.acquireRelease(
    Effect.promise(
      () =>
        new Promise<number>((resolve) =>
          server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port))
        )
    ),
    () => Effect.sync(() => server.close())
  )

const appPage: RequestListener = (_, response) => {
  response.setHeader("content-type", "text/html")
  response.end("<!doctype html><title>App</title>")
}

/** In front of the service and of the app's page, as a proxy with TLS would be. */
const tlsProxy = Effect.gen(function* () {
  let service = ""
  const sites: Array<string> = []
  const forward = (incoming: IncomingMessage, response: ServerResponse) => {
    if (incoming.method === "POST") sites.push(String(incoming.headers["sec-fetch-site"]))
    const { method, headers } = incoming
    const outgoing = request(`${service}${incoming.url}`, { method: method!, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    outgoing.on("error", () => response.destroy())
    incoming.pipe(outgoing)
  }
  const server = createTlsServer(ownCertificate(), (incoming, response) =>
    (incoming.headers.host?.startsWith("api.") ? forward : appPage)(incoming, response)
  )
  const port = yield* listening(server)
  return { port, sites, leadTo: (url: string) => void (service = url) }
})

interface Asked {
  readonly method?: string
  readonly csrf?: string
  readonly json?: unknown
}

/** What a script of the page would ask, and can read of the answer. */
const ask = (page: Page, api: string, path: string, { method = "GET", csrf, json }: Asked = {}) =>
  page.evaluate(
    async ({ url, method, headers, body }) => {
      const response = await fetch(url, { method, headers, body, credentials: "include" })
      return { status: response.status, csrf: response.headers.get("x-csrf-token"), text: await response.text() }
    },
    {
      url: `${api}/api/v1${path}`,
      method,
      headers: {
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...(csrf === undefined ? {} : { "x-csrf-token": csrf })
      },
      body: json === undefined ? null : JSON.stringify(json)
    }
  )

const signIn = async (page: Page, { app, api }: Layout) => {
  await page.goto(app)
  const begun = await ask(page, api, "/auth/discord/url")
  assert.equal(begun.status, 200)
  await page.goto((JSON.parse(begun.text) as { url: string }).url)
  await page.getByRole("link", { name: "Sign in as Cyra" }).click()
  await page.waitForURL(`${redirectOf(app)}?*`)
  const { searchParams } = new URL(page.url())
  const json = { code: searchParams.get("code"), state: searchParams.get("state") }
  const done = await ask(page, api, "/auth/discord/callback", { method: "POST", json })
  assert.equal(done.status, 204, done.text)
  await page.goto(app)
}

const makeGuild = async (page: Page, { api, readable }: Layout) => {
  assert.equal((await ask(page, api, "/auth/session")).status, 200)
  const { status, csrf } = await ask(page, api, "/auth/csrf")
  assert.equal(status, 204)
  assert.match(csrf ?? "", /^[\w-]{43}$/)
  const shown = await page.evaluate<string>("document.cookie")
  assert.equal(shown, readable === undefined ? "" : `${readable}=${csrf}`)
  const made = await ask(page, api, "/guilds", { method: "POST", csrf: csrf!, json: details })
  assert.equal(made.status, 201, made.text)
  return csrf!
}

const stranger = async (context: BrowserContext, { api }: Layout, csrf: string) => {
  const page = await context.newPage()
  await page.goto("https://app.c.test")
  await assert.rejects(ask(page, api, "/guilds", { method: "POST", csrf, json: details }), /Failed to fetch/)
  await page.close()
}

const logOut = async (page: Page, { api }: Layout, csrf: string) => {
  assert.equal((await ask(page, api, "/auth/logout", { method: "POST", csrf })).status, 204)
  assert.equal((await ask(page, api, "/auth/session")).status, 401)
  const left = (await page.context().cookies(api)).map(({ name }) => name.replace(/^__Host-/, ""))
  assert.deepEqual(left, ["oauth_browser"])
}

const main = Effect.gen(function* () {
  const [postgres, redis] = yield* Effect.all([embeddedPostgres({}), embeddedRedis()], { concurrency: 2 })
  yield* createDatabase(postgres, "sites")
  const proxy = yield* tlsProxy
  const local = `http://localhost:${yield* listening(createServer(appPage))}`
  const discord = yield* discordSimulator({ ...client, redirectUris: [together.app, local].map(redirectOf) })
  const [warcraftlogs, battlenet] = [yield* warcraftlogsSimulator(client), yield* battlenetSimulator(client)]

  const serve = ({ app, variables }: Layout) =>
    startReplica({
      ...variablesOf(discord, warcraftlogs, battlenet),
      FRONTEND_BASE_URL: app,
      DISCORD_REDIRECT_URL: redirectOf(app),
      DB_PORT: String(postgres.port),
      DB_USER: postgres.user,
      DB_PASSWORD: Redacted.value(postgres.password),
      DB_NAME: "sites",
      REDIS_PORT: String(redis.port),
      REDIS_PASSWORD: Redacted.value(redis.password),
      LOG_LEVEL: "Error",
      ...variables
    })

  const args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"].concat(
    "--ignore-certificate-errors",
    `--host-resolver-rules=MAP *.test 127.0.0.1:${proxy.port}`
  )
  /** A page of a person without cookies, whose browser takes those of other sites. */
  const opened = Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = mkdtempSync(join(tmpdir(), "sites-"))
      mkdirSync(join(folder, "Default"))
      writeFileSync(join(folder, "Default", "Preferences"), JSON.stringify(takesAllCookies))
      const context = await chromium.launchPersistentContext(folder, { executablePath, args })
      const page = await context.newPage()
      page.setDefaultTimeout(10_000)
      return { folder, context, page }
    }),
    ({ folder, context }) =>
      Effect.promise(async () => {
        await context.close()
        rmSync(folder, { recursive: true, force: true })
      })
  ).pipe(Effect.map(({ page }) => page))

  /** The layout with its service running. */
  const started = Effect.fnUntraced(function* (layout: Layout) {
    const url = yield* serve(layout)
    proxy.leadTo(url)
    return layout.api === "" ? { ...layout, api: url.replace("127.0.0.1", "localhost") } : layout
  })

  const walk = Effect.fnUntraced(function* (wanted: Layout) {
    const layout = yield* started(wanted)
    const page = yield* opened
    yield* Effect.promise(async () => {
      proxy.sites.length = 0
      await signIn(page, layout)
      const csrf = await makeGuild(page, layout)
      await stranger(page.context(), layout, csrf)
      await logOut(page, layout, csrf)
      if (layout.app.startsWith("https:")) assert.deepEqual(new Set(proxy.sites), new Set([layout.site]))
    })
    yield* Effect.sync(() => process.stdout.write(`${layout.name}: signed in, made a guild, logged out\n`))
  }, Effect.scoped)

  const change = Effect.fnUntraced(function* (before: Layout, after: Layout) {
    const page = yield* opened
    yield* started(before)
    yield* Effect.promise(() => signIn(page, before))
    yield* started(after)
    yield* Effect.promise(async () => {
      assert.equal((await ask(page, after.api, "/auth/session")).status, 200)
      await signIn(page, after)
      const { csrf } = await ask(page, after.api, "/auth/csrf")
      const made = await ask(page, after.api, "/guilds", { method: "POST", csrf: csrf!, json: details })
      assert.equal(made.status, 201, made.text)
      assert.equal((await ask(page, after.api, "/auth/logout", { method: "POST", csrf: csrf! })).status, 204)
      assert.equal((await ask(page, after.api, "/auth/session")).status, 401)
      await signIn(page, after)
      assert.equal((await ask(page, after.api, "/auth/session")).status, 200)
    })
    const [from, to] = [before, after].map(({ variables }) => variables.COOKIE_DOMAIN)
    yield* Effect.sync(() => process.stdout.write(`COOKIE_DOMAIN from ${from} to ${to}: nobody is locked out\n`))
  }, Effect.scoped)

  yield* Effect.forEach([apart, apartWithDomain, together, hostOnly, example(local)], walk)
  yield* change(hostOnly, together)
  yield* change(together, hostOnly)
  yield* change(together, { ...together, variables: { ...together.variables, COOKIE_DOMAIN: "api.a.test" } })
})

if (!existsSync(executablePath)) {
  process.stderr.write(
    `There is no Chromium at ${executablePath}: apt-get install chromium, or set CHROMIUM_PATH to one.\n`
  )
  process.exit(1)
}
await Effect.runPromise(Effect.scoped(main))
