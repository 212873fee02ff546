import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { Agent, get } from "node:http"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { Effect, Schedule } from "effect"
import { freePort } from "../../src/demo/servers/Watchdog.ts"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { type Person, signIn, startServers } from "../fuzz/World.ts"
import { collector } from "../support/Collector.ts"
import { environment } from "../support/environment.ts"

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "7" }, requests: { type: "string", default: "3000" } }
})
const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url))
const connections = 8

const median = (numbers: ReadonlyArray<number>) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!

/** CPU seconds that a process has used; its clock has 100 ticks a second. */
const cpuOf = (pid: number) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** The service as a process of its own, ended with the scope. */
const start = Effect.fnUntraced(function* (variables: Readonly<Record<string, string>>) {
  const port = yield* Effect.promise(freePort)
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [program], {
        env: { ...environment, ...variables, APP_PORT: String(port) },
        stdio: ["ignore", "ignore", "inherit"]
      })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const url = `http://127.0.0.1:${port}`
  const healthy = Effect.tryPromise(() => fetch(`${url}/api/v1/health`))
  yield* Effect.retry(healthy, { schedule: Schedule.spaced("50 millis"), times: 600 })
  return { url, pid: child.pid! }
})

const agent = new Agent({ keepAlive: true, maxSockets: connections })

const ask = (url: string, { session }: Person) =>
  new Promise<void>((resolve, reject) =>
    get(`${url}/api/v1/auth/session`, { agent, headers: { cookie: `session=${session}` } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`))
      response.on("end", resolve).resume()
    }).on("error", reject)
  )

/** The cost of telemetry: CPU per GET /auth/session with each kind, compared with none in the same run. */
const bench = Effect.gen(function* () {
  const { variables, discord } = yield* startServers
  const { url: sink } = yield* collector
  const otlp = { OTEL_EXPORTER_OTLP_ENDPOINT: sink }
  const none = { OTEL_TRACES_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none" }
  const kinds: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    nothing: {},
    "nothing, again": {},
    metrics: { METRICS_PORT: String(yield* Effect.promise(freePort)) },
    "a tenth of the traces": { ...otlp, ...none, OTEL_TRACES_EXPORTER: "otlp", ...ratio(0.1) },
    "all traces": { ...otlp, ...none, OTEL_TRACES_EXPORTER: "otlp" },
    "traces, logs and metrics": { ...otlp }
  }
  const services = yield* Effect.forEach(Object.entries(kinds), ([kind, more]) =>
    Effect.gen(function* () {
      const service = yield* start({ ...variables, LOG_LEVEL: "Info", ...more })
      const person: Person = { discordId: personas.raider.id, session: "", csrf: "", renewal: undefined }
      yield* Effect.promise(() => signIn(service.url, discord, person))
      return { kind, person, spent: [] as Array<number>, ...service }
    })
  )
  yield* Effect.promise(async () => {
    const total = Number(values.requests)
    for (let round = 0; round <= Number(values.rounds); round++) {
      for (const { url, pid, person, spent } of services) {
        const before = cpuOf(pid)
        let next = 0
        const worker = async () => {
          while (next++ < total) await ask(url, person)
        }
        await Promise.all(Array.from({ length: connections }, worker))
        // The first round warms up.
        if (round > 0) spent.push(((cpuOf(pid) - before) / total) * 1e6)
      }
      process.stdout.write(`round ${round} of ${values.rounds}\n`)
    }
    const base = median(services[0]!.spent)
    for (const { kind, spent } of services) {
      const micros = median(spent)
      process.stdout.write(`${kind.padEnd(26)} ${micros.toFixed(0).padStart(5)} us  ${(micros / base).toFixed(2)}\n`)
    }
    agent.destroy()
  })
})

const ratio = (part: number) => ({
  OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
  OTEL_TRACES_SAMPLER_ARG: String(part)
})

await Effect.runPromise(Effect.scoped(bench))
process.exit(0)
