import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { createServer } from "node:net"
import parsePrometheus from "parse-prometheus-text-format"
import { freePort, step } from "../../src/demo/servers/Watchdog.ts"
import { textOf } from "../containers/Dockerfile.ts"
import { openBrowser } from "../support/Browser.ts"
import { attributeOf, collector, type OtlpSpan } from "../support/Collector.ts"
import { environment } from "../support/environment.ts"
import { capturedLog } from "../support/capturedLog.ts"
import { foundGuild, somebody } from "../support/people.ts"
import { characterOf } from "../support/seeded.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"

/** As the parser returns it: numbers as text. */
interface Family {
  readonly name: string
  readonly type: string
  readonly metrics: ReadonlyArray<{ readonly labels?: Readonly<Record<string, string>>; readonly value: string }>
}

const secrets = Object.entries(environment)
  .filter(([name]) => /SECRET|PASSWORD|KEY/.test(name))
  .map(([, value]) => value)

/** A replica with these additional variables, on which a person signed in and refreshed a character. */
const aRefresh = Effect.fnUntraced(function* (variables: Readonly<Record<string, string>>, traceparent?: string) {
  const app = yield* TestApp
  const url = yield* startReplica({ ...app.variables, LOG_LEVEL: "Info", ...variables })
  const browser = yield* openBrowser(url)
  yield* browser.signIn()
  const { id } = yield* characterOf(browser, { wcl: "ranked" })
  const { status } = yield* browser.send("POST", `/api/v1/characters/${id}/warcraftlogs/refresh`, {
    headers: traceparent === undefined ? {} : { traceparent }
  })
  assert.strictEqual(status, 200)
  return { url, browser, session: (yield* browser.cookie("session"))! }
})

/** The parser merges the series of a histogram; without the type it returns each sample. */
const scrape = (port: number) =>
  Effect.promise(async () => {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`)
    assert.include(response.headers.get("content-type"), "text/plain; version=0.0.4")
    const text = await response.text()
    const parsed = [text, text.replace(/^# TYPE .* histogram$/gm, "")].map((text) => parsePrometheus(text))
    return parsed.flat() as ReadonlyArray<Family>
  })

const refreshRoute = "/api/v1/characters/:character_id/warcraftlogs/refresh"

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("telemetry", (it) => {
  it.effect("one trace leads from the request through SQL and Redis to the provider", () =>
    Effect.gen(function* () {
      const { url, spans, logs, metrics, text, received } = yield* collector
      const [traceId, parent] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"]
      const session = yield* Effect.scoped(
        Effect.gen(function* () {
          yield* capturedLog
          const { browser, session } = yield* aRefresh(
            {
              OTEL_EXPORTER_OTLP_ENDPOINT: url,
              OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
              OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
              OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=k%20y",
              OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test"
            },
            `00-${traceId}-${parent}-01`
          )
          yield* browser.send("GET", "/api/v1/guild-invites/a-code-that-lets-people-in")
          return session
        })
      )
      const trace = spans().filter((span) => span.traceId === traceId)
      const server = trace.find(({ kind }) => kind === 2)!
      assert.strictEqual(server.name, `POST ${refreshRoute}`)
      assert.strictEqual(server.parentSpanId, parent)
      assert.strictEqual(attributeOf(server, "http.response.status_code"), 200)
      assert.strictEqual(server.status.code, 1)
      const byId = new Map(trace.map((span) => [span.spanId, span]))
      const leadsToServer = (span: OtlpSpan): boolean =>
        span === server || (byId.has(span.parentSpanId ?? "") && leadsToServer(byId.get(span.parentSpanId!)!))
      assert.isTrue(trace.every(leadsToServer))
      const words = trace.map(
        (span) => attributeOf(span, "db.query.text") ?? attributeOf(span, "url.full") ?? span.name
      )
      assert.isTrue(words.some((word) => /user_sessions/.test(String(word))))
      assert.isTrue(words.some((word) => /update characters|character_warcraftlogs_snapshots/.test(String(word))))
      assert.isTrue(words.some((word) => /\/api\/v2\/client/.test(String(word))))
      assert.isTrue(words.some((word) => String(word).startsWith("EVAL")))

      const line = logs().find((log) => log.traceId === traceId && attributeOf(log, "route") === refreshRoute)!
      assert.strictEqual(line.body.stringValue, "request")
      assert.strictEqual(attributeOf(line, "request_id"), attributeOf(server, "request_id"))
      assert.include(
        metrics().map(({ name }) => name),
        "http_server_request_duration_seconds"
      )
      assert.strictEqual(received()[0]!.headers["x-api-key"], "k y")
      assert.include(text(), "deployment.environment.name")
      for (const secret of [...secrets, session, "a-code-that-lets-people-in", "client.address"])
        assert.notInclude(text(), secret)
    })
  )

  it.effect("a trace is kept or dropped as the caller's flag and the sampler say", () =>
    Effect.gen(function* () {
      const { url, spans } = yield* collector
      const kept = Effect.fnUntraced(function* (sampler: string, flags: string) {
        const before = spans().length
        const json = { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", OTEL_LOGS_EXPORTER: "none" }
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* capturedLog
            const app = yield* TestApp
            const at = yield* startReplica({
              ...app.variables,
              ...json,
              OTEL_EXPORTER_OTLP_ENDPOINT: url,
              OTEL_TRACES_SAMPLER: sampler
            })
            const { send } = yield* openBrowser(at)
            const traceparent = `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-${flags}`
            yield* send("GET", "/api/v1/health", flags === "" ? {} : { headers: { traceparent } })
          })
        )
        return spans()
          .slice(before)
          .filter(({ name }) => name === "GET /api/v1/health").length
      })
      assert.strictEqual(yield* kept("parentbased_always_on", "00"), 0)
      assert.strictEqual(yield* kept("parentbased_always_off", "01"), 1)
      assert.strictEqual(yield* kept("parentbased_always_off", ""), 0)
      assert.strictEqual(yield* kept("always_on", "00"), 1)
      assert.strictEqual(yield* kept("always_off", "01"), 0)
    })
  )

  it.effect("a collector that is down or hangs does not affect answers", () =>
    Effect.gen(function* () {
      yield* capturedLog
      const silent = yield* Effect.acquireRelease(
        Effect.promise(
          () =>
            new Promise<ReturnType<typeof createServer>>((resolve) => {
              const server = createServer(() => {})
              server.listen(0, "127.0.0.1", () => resolve(server))
            })
        ),
        (server) => Effect.sync(() => server.close())
      )
      const { port } = silent.address() as { readonly port: number }
      for (const away of [port, yield* step(freePort)]) {
        const started = performance.now()
        yield* Effect.scoped(aRefresh({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${away}` }))
        // At shutdown the last spans are flushed, for three seconds each at most.
        assert.isBelow(performance.now() - started, 15_000)
      }
    })
  )

  it.effect("/metrics counts requests by route and status, SQL, Redis, providers, and the process", () =>
    Effect.gen(function* () {
      yield* capturedLog
      const port = yield* step(freePort)
      const { url, browser } = yield* aRefresh({ METRICS_PORT: String(port) })
      yield* browser.send("GET", "/api/v1/no-such-route")
      yield* browser.send("PATCH", "/api/v1/another-one")
      yield* browser.send("GET", "/api/v1/auth/session")
      const families = yield* scrape(port)
      const family = (name: string, type: string) => {
        const found = families.filter((family) => family.name === name && family.type === type)
        assert.isNotEmpty(found, name)
        return found.flatMap(({ metrics }) => metrics)
      }
      family("http_server_request_duration_seconds", "HISTOGRAM")
      const requests = family("http_server_request_duration_seconds_count", "UNTYPED")
      const of = (route: string) => requests.filter(({ labels }) => labels?.route === route)
      assert.deepStrictEqual(of("/api/v1/auth/session"), [
        { labels: { method: "GET", route: "/api/v1/auth/session", status: "200" }, value: "1" }
      ])
      assert.deepStrictEqual(of("unmatched"), [
        { labels: { method: "any", route: "unmatched", status: "404" }, value: "2" }
      ])
      const buckets = family("http_server_request_duration_seconds_bucket", "UNTYPED")
        .filter(({ labels }) => labels?.route === refreshRoute)
        .map(({ labels, value }) => [labels!.le, Number(value)] as const)
      assert.deepStrictEqual(buckets.at(-1), ["+Inf", 1])
      assert.deepStrictEqual(
        buckets.map(([, count]) => count),
        buckets.map(([, count]) => count).toSorted((a, b) => a - b)
      )
      assert.strictEqual(family("http_server_request_active", "GAUGE")[0]!.value, "0")

      const total = (name: string, wanted: Readonly<Record<string, string>>) =>
        family(`${name}_count`, "UNTYPED")
          .filter(({ labels }) => Object.entries(wanted).every(([key, value]) => labels?.[key] === value))
          .reduce((sum, { value }) => sum + Number(value), 0)
      assert.isAtLeast(total("db_client_operation_duration_seconds", { outcome: "ok" }), 4)
      assert.isAtLeast(total("redis_client_command_duration_seconds", { outcome: "ok" }), 1)
      assert.isAtLeast(total("provider_request_duration_seconds", { provider: "warcraftlogs", outcome: "200" }), 2)
      assert.strictEqual(family("redis_up", "GAUGE")[0]!.value, "1")
      assert.strictEqual(family("db_client_pool_size", "GAUGE")[0]!.value, "10")
      const { version } = JSON.parse(textOf("package.json"))
      const built = { labels: { version, revision: "unknown" }, value: "1" }
      assert.deepStrictEqual(family("build_info", "GAUGE")[0], built)
      assert.isAbove(Number(family("process_cpu_seconds_total", "COUNTER")[0]!.value), 0)
      assert.isAbove(Number(family("process_resident_memory_bytes", "GAUGE")[0]!.value), 1e7)
      assert.closeTo(Number(family("process_start_time_seconds", "GAUGE")[0]!.value), Date.now() / 1000, 3600)
      for (const key of ["p50", "p99", "max"])
        assert.isAtLeast(Number(family(`nodejs_eventloop_lag_${key}_seconds`, "GAUGE")[0]!.value), 0)
      const elsewhere = yield* Effect.promise(() => fetch(`${url}/metrics`))
      assert.strictEqual(elsewhere.status, 404)
    })
  )

  it.effect("made-up requests do not add series", () =>
    Effect.gen(function* () {
      yield* capturedLog
      const app = yield* TestApp
      const port = yield* step(freePort)
      const url = yield* startReplica({ ...app.variables, METRICS_PORT: String(port) })
      const { admin, path } = yield* foundGuild()
      const stranger = yield* somebody(url)
      const size = Effect.map(scrape(port), (families) => families.flatMap(({ metrics }) => metrics).length)
      yield* stranger.send("GET", path)
      yield* stranger.send("GET", "/x")
      const before = yield* size
      for (let index = 0; index < 50; index++) {
        yield* stranger.send("GET", path.replace(/.$/, String(index % 10)))
        yield* stranger.send("GET", `/${index}`)
      }
      assert.strictEqual(yield* size, before)
      assert.isDefined(admin.id)
    })
  )

  it.effect("a METRICS_PORT that is in use stops the start and is named", () =>
    Effect.gen(function* () {
      const app = yield* TestApp
      const METRICS_PORT = new URL(app.url).port
      const error = yield* Effect.flip(startReplica({ ...app.variables, METRICS_PORT }))
      assert.match((error as Error).message, /^METRICS_PORT cannot be bound: .*address already in use/)
    })
  )
})
