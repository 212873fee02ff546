import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parse } from "yaml"
import { AppConfig, variables } from "../../src/infra/AppConfig.ts"
import { routeOf } from "../../src/server/RouteTable.ts"
import { context, textOf } from "../containers/Dockerfile.ts"
import { migratedDatabase } from "../infra/SqlFolders.ts"
import { startProcess, variablesFor } from "../start/startProcess.ts"
import { environment } from "../support/environment.ts"

const file = "deploy/systemd/raid-composition-backend.service"
const text = textOf(file)

/** All values of a setting, in order. */
const all = (name: string) => Array.from(text.matchAll(new RegExp(`^${name}=(.*)$`, "gm")), ([, value = ""]) => value)

/** The value of a setting that is there once. */
const only = (name: string) => {
  const values = all(name)
  assert.lengthOf(values, 1, name)
  return values[0]!
}

const own = Object.fromEntries(all("Environment").map((line) => line.split("=", 2) as [string, string]))
const delay = Number(own.SHUTDOWN_DELAY_MS) / 1000

/** The words of a command, with this Node, from this folder. */
const wordsOf = (name: string) => {
  const [program, ...words] = only(name).split(" ")
  assert.strictEqual(program, "/usr/bin/node")
  return words
}

const run = (program: string, words: ReadonlyArray<string>, env: Readonly<Record<string, string | undefined>>) =>
  Effect.callback<{ readonly code: number; readonly said: string }>((resume) => {
    execFile(program, words, { env, cwd: fileURLToPath(context) }, (error, stdout, stderr) =>
      resume(Effect.succeed({ code: Number(error?.code ?? 0), said: `${stdout}${stderr}` }))
    )
  })

/** What `systemd-analyze verify` says of a unit by this name; the programs are those of this machine. */
const verified = Effect.fnUntraced(function* (name: string, unit: string) {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "unit-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )
  writeFileSync(join(folder, name), unit.replaceAll("/usr/bin/node", process.execPath))
  const verify = ["verify", "--man=no", join(folder, name.replace("@.", "@8001."))]
  return (yield* run("systemd-analyze", verify, process.env)).said.trim()
})

const hasSystemd = ["/usr/bin", "/bin"].some((folder) => existsSync(join(folder, "systemd-analyze")))
// oxlint-disable-next-line no-console -- what was not seen
if (!hasSystemd) console.log("There is no systemd-analyze here, so the unit was not verified by it.")

describe("the systemd unit", () => {
  it.effect("has variables of the service alone, which it accepts", () =>
    Effect.gen(function* () {
      assert.includeMembers([...variables()], Object.keys(own))
      const { port, shutdownDelayMs, log } = yield* Effect.provide(
        AppConfig,
        // Without an instance, the file's APP_PORT wins.
        AppConfig.layerFrom({ ...environment, ...own, APP_PORT: own.APP_PORT!.replace("%i", "8001") })
      )
      assert.deepStrictEqual([port, shutdownDelayMs, log.format], [8001, 5000, "json"])
      assert.notMatch(text, /SECRET|PASSWORD|_KEY\b/)
    })
  )

  it("starts what `npm start` starts, from a folder that holds what it names", () => {
    const { start } = JSON.parse(textOf("package.json")).scripts as Record<string, string>
    assert.isTrue(start!.endsWith(` ${wordsOf("ExecStart").join(" ")}`), start)
    const root = only("WorkingDirectory")
    const named = [...text.matchAll(new RegExp(`${root}/(\\S+)`, "g"))].map(([, path]) => path!)
    for (const path of [...named, ...wordsOf("ExecStart"), ...wordsOf("ExecStartPost")])
      assert.isTrue(existsSync(new URL(path, context)), path)
  })

  it("has time for the delay and the drain, and to start", () => {
    assert.strictEqual(only("KillSignal"), "SIGTERM")
    const compose = parse(textOf("docker-compose.yml")) as { services: { api: { stop_grace_period: string } } }
    const drain = Number.parseInt(compose.services.api.stop_grace_period, 10)
    assert.isAtLeast(Number(only("TimeoutStopSec")), delay + drain)
    // A start waits 30 s for PostgreSQL and 60 s for the lock.
    assert.isAtLeast(Number(only("TimeoutStartSec")), 30 + 60 + 60)
  })

  it("stops more slowly than deploy/nginx notices, and runs where that looks for it", () => {
    const nginx = textOf("deploy/nginx/raid-composition-backend.conf")
    const times = [...nginx.matchAll(/(?:fail_timeout=|keepalive_timeout )(\d+)s/g)].map(([, seconds]) =>
      Number(seconds)
    )
    assert.lengthOf(times, 3)
    // nginx counts whole seconds.
    for (const seconds of times) assert.isBelow(seconds + 1, delay)
    const ports = [...nginx.matchAll(/^ +server 127\.0\.0\.1:(\d+)/gm)].map(([, port]) => port)
    assert.deepStrictEqual(
      [...text.matchAll(/restart \S+@(\d+)/g)].map(([, port]) => port),
      ports
    )
  })

  it.live("is ready when the service is, and has failed when it ended", () =>
    Effect.gen(function* () {
      const wait = wordsOf("ExecStartPost")
      const path = "/api/v1/health/ready"
      assert.include(textOf(wait[0]!), path)
      assert.isTrue(routeOf(path)!.allowances.has("GET"))
      const service = yield* startProcess({ ...(yield* variablesFor(yield* migratedDatabase)), LOG_FORMAT: "json" })
      const { port } = new URL(service.url)
      const ready = yield* run(process.execPath, wait, { APP_PORT: port, MAINPID: String(process.pid) })
      assert.deepStrictEqual(ready, { code: 0, said: "" })
      assert.include(service.output(), "Serving on port")
      service.kill("SIGTERM")
      yield* service.ended
      const { code } = yield* run(process.execPath, wait, { APP_PORT: port, MAINPID: "99999999" })
      assert.strictEqual(code, 1)
    })
  )

  it.live.each(hasSystemd ? ["raid-composition-backend.service", "raid-composition-backend@.service"] : [])(
    "as %s passes systemd-analyze, which finds mistakes",
    (name) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* verified(name, text), "")
        assert.include(yield* verified(name, text.replace("TimeoutStopSec", "TimeoutStopSecs")), "TimeoutStopSecs")
        assert.include(yield* verified(name, text.replace("=SIGTERM", "=SIGTREM")), "SIGTREM")
      })
  )
})
