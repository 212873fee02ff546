import { Effect, Redacted } from "effect"
import assert from "node:assert/strict"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout } from "node:timers/promises"
import type { Page } from "../tools/playwright.ts"
import { servePage } from "../../src/demo/page/Page.ts"
import { createDatabase, embeddedPostgres } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { embeddedRedis } from "../../src/demo/servers/EmbeddedRedis.ts"
import { freePort } from "../../src/demo/servers/Watchdog.ts"
import { battlenetSimulator } from "../../src/demo/simulators/Battlenet.ts"
import { discordSimulator } from "../../src/demo/simulators/Discord.ts"
import { warcraftlogsSimulator } from "../../src/demo/simulators/Warcraftlogs.ts"
import { Replica } from "../faults/Replica.ts"
import { folder } from "../faults/Servers.ts"
import { environment } from "../support/environment.ts"
import { gate } from "../support/Gate.ts"
import { variablesOf } from "../support/TestApp.ts"
import { barOf, begin, ended, openGuild, outcomes, reaches, state } from "./Refreshing.ts"
import { complaintsOf, launch, signIn } from "./Chromium.ts"

/*
 * The page while a roster is refreshed by two replicas, and the one that has the work, and the page's stream, is killed:
 * it goes on without a reload.
 */

const client = { clientId: environment.DISCORD_CLIENT_ID, clientSecret: environment.DISCORD_CLIENT_SECRET }

const metricsOf = ({ port }: Replica) => port + 1000

/** How many requests a replica has sent to the providers. */
const sentBy = async (replica: Replica) => {
  const text = await fetch(`http://127.0.0.1:${metricsOf(replica)}/metrics`).then((answer) => answer.text())
  const counts = text.matchAll(/^provider_request_duration_seconds_count\{.*\} (\d+)$/gm)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

/** What a proxy is that has lost its replica. */
const badGateway = Effect.map(
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer((_, response) => response.writeHead(502).end("<h1>Bad gateway</h1>"))
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      return server
    }),
    (server) => Effect.sync(() => server.close().closeAllConnections())
  ),
  (server) => (server.address() as AddressInfo).port
)

/** Two processes of the service on the same servers, with the demo's guild; what the page asks passes the gate. */
const started = Effect.gen(function* () {
  const frontend = `http://localhost:${yield* Effect.promise(freePort)}`
  const [postgres, redis] = yield* Effect.all([embeddedPostgres({}), embeddedRedis()], { concurrency: 2 })
  yield* createDatabase(postgres, "page")
  const discord = yield* discordSimulator({ ...client, redirectUris: [`${frontend}/auth/discord/callback`] })
  const providers = [yield* warcraftlogsSimulator(client), yield* battlenetSimulator(client)] as const
  const variables = {
    ...environment,
    ...variablesOf(discord, ...providers),
    FRONTEND_BASE_URL: frontend,
    DISCORD_REDIRECT_URL: `${frontend}/auth/discord/callback`,
    DB_PORT: String(postgres.port),
    DB_USER: postgres.user,
    DB_PASSWORD: Redacted.value(postgres.password),
    DB_NAME: "page",
    REDIS_PORT: String(redis.port),
    REDIS_PASSWORD: Redacted.value(redis.password),
    RUN_DB_SEEDS: "true",
    LOG_LEVEL: "Error"
  }
  const logs = yield* folder
  const replicas = yield* Effect.forEach([1, 2], () =>
    Effect.acquireRelease(
      Effect.sync(() => new Replica(variables, logs, "source")),
      (one) => Effect.promise(() => one.end())
    )
  )
  yield* Effect.promise(async () => {
    for (const one of replicas) {
      one.spawn({ METRICS_PORT: String(metricsOf(one)) })
      await one.answered("/health/ready")
    }
    // Both have taken their share of the work by then.
    await setTimeout(8000)
  })
  const proxy = yield* gate("127.0.0.1", replicas[0]!.port)
  yield* servePage(frontend, `http://localhost:${proxy.port}/api/v1`)
  return { frontend, proxy, providers, replicas, nobody: yield* badGateway }
})

type Started = Effect.Success<typeof started>

/** Where most of the work is, once some is done. */
const workerOf = async (page: Page, replicas: Started["replicas"]) => {
  await reaches(page, "battlenet", 0.15)
  const sent = await Promise.all(replicas.map(sentBy))
  const [worker, other] = sent[0]! >= sent[1]! ? [replicas[0]!, replicas[1]!] : [replicas[1]!, replicas[0]!]
  assert.ok(Math.max(...sent) > 0, "no replica has the work")
  return { worker, other }
}

const live = (page: Page) => page.getByText("live", { exact: true }).waitFor()

const outlive = async (page: Page, { frontend, proxy, providers, replicas, nobody }: Started) => {
  await signIn(page, frontend, "Borin")
  await openGuild(page)
  for (const provider of providers) provider.fault({ kind: "slow", ms: 500 })
  await begin(page, "of any age")
  await state(page, "The roster is being read anew.")
  await live(page)
  await page.evaluate("document.body.dataset.since = 'before'")
  const { worker, other } = await workerOf(page, replicas)
  // The page's stream moves to the replica that is about to die, without losing an event.
  proxy.shut()
  await page.getByText("reconnecting…").waitFor()
  proxy.pointTo(worker.port)
  proxy.open()
  await live(page)
  await reaches(page, "battlenet", 0.3)
  assert.equal(await worker.end("SIGKILL"), "SIGKILL")
  proxy.shut()
  const killed = performance.now()
  const { value: before } = await barOf(page, "battlenet")
  proxy.pointTo(nobody)
  proxy.open()
  await page.getByText("Not live: The service does not answer. It is tried again…").waitFor()
  proxy.shut()
  proxy.pointTo(other.port)
  proxy.open()
  await live(page)
  const after = await reaches(page, "battlenet", (before + 1) / (await barOf(page, "battlenet")).max)
  const pause = performance.now() - killed
  assert.ok(after > before)
  // Battle.net is asked one request after the other: so slow, it would take minutes.
  for (const provider of providers) provider.clearFaults()
  await ended(page)
  for (const [name, ...told] of await outcomes(page))
    for (const text of told) assert.match(text, /^(✓ read|✗ failed: )/, name)
  for (const provider of ["warcraftlogs", "battlenet"] as const) {
    const { value, max } = await barOf(page, provider)
    assert.ok(value === max && max > 60, `${value} of ${max}`)
  }
  assert.equal(await page.evaluate("document.body.dataset.since"), "before", "the page was loaded anew")
  return pause
}

/** What the gate cut, and what was answered in the place of a replica. */
const cuts = /^(failed: \S+\/refreshes\/\S+ net::ERR_|console: Failed to load resource: |console: .* CORS policy|502: )/

const main = Effect.gen(function* () {
  const world = yield* started
  const browser = yield* Effect.acquireRelease(Effect.promise(launch), (one) => Effect.promise(() => one.close()))
  const pause = yield* Effect.promise(async () => {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 784 } })).newPage()
    page.setDefaultTimeout(20_000)
    const complaints = complaintsOf(page)
    const pause = await outlive(page, world)
    assert.deepEqual(
      complaints.filter((complaint) => !cuts.test(complaint)),
      []
    )
    return pause
  })
  const seconds = (pause / 1000).toFixed(1)
  yield* Effect.sync(() =>
    process.stdout.write(`A replica is killed with a refresh's work: the page goes on after ${seconds} s.\n`)
  )
})

await Effect.runPromise(Effect.scoped(main))
