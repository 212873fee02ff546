import { assert, it, vi } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { setTimeout } from "node:timers/promises"
import { root } from "../bench/Kinds.ts"
import { textOf } from "../containers/Dockerfile.ts"
import { Ledger } from "../faults/Ledger.ts"
import { startLoad } from "../faults/Load.ts"
import type { Replica } from "../faults/Replica.ts"
import { startWorld } from "../faults/World.ts"
import { nginx } from "./Nginx.ts"

vi.setConfig({ testTimeout: 180_000 })

const seconds = 20

/** As the unit of deploy/systemd says. */
const delay = /^Environment=SHUTDOWN_DELAY_MS=(\d+)$/m.exec(
  textOf("deploy/systemd/raid-composition-backend.service")
)?.[1]

/** Stops a replica, starts it again and waits until it is ready, as `systemctl restart` does with our unit. */
const restart = async (replica: Replica) => {
  assert.strictEqual(await replica.end("SIGTERM"), 0)
  await replica.start()
  await replica.answered("/health/ready")
}

/** Two replicas behind nginx are restarted one after the other, under the load of people who write and read. */
const rolling = Effect.fnUntraced(function* (config: "ours" | "defaults", variables: Readonly<Record<string, string>>) {
  const world = yield* startWorld
  const [one, other] = [yield* world.replica(variables), yield* world.replica(variables)]
  yield* Effect.promise(() => one.start())
  yield* Effect.promise(() => other.start())
  const proxy = yield* nginx([one.port, other.port], config)
  return yield* Effect.promise(async () => {
    const ledger = new Ledger()
    const since = performance.now()
    const load = startLoad({ port: proxy.plain, people: 8, pause: 50, ledger, discord: world.discord })
    await setTimeout(2000)
    await restart(one)
    await restart(other)
    const restarted = performance.now() - since
    await setTimeout(Math.max(2000, seconds * 1000 - restarted))
    const told = await load.end()
    const lasted = (performance.now() - since) / 1000
    const bad = told.filter(({ status }) => (status < 200 || status > 299) && status !== 429)
    const writes = told.filter(({ kind }) => kind !== "read").length
    const { lost, doubled, half } = await ledger.verify(world.postgres)
    const passedOn = proxy.requests().filter((line) => line.includes(", ")).length
    const statuses = Object.entries(Object.groupBy(bad, ({ status }) => status)).map(
      ([status, all = []]) => `${all.length} × ${status}`
    )
    // oxlint-disable-next-line no-console -- what was seen
    console.log(
      `${config}: both replicas restarted within ${Math.round(restarted / 1000)} s; ${told.length} requests in ` +
        `${Math.round(lasted)} s (${Math.round(told.length / lasted)} a second, ${writes} of them changes and sign-ins); ` +
        `neither 2xx nor 429: ${bad.length}${statuses.length > 0 ? ` (${statuses.join(", ")})` : ""}; passed on to the ` +
        `other replica: ${passedOn}; acknowledged writes: ${ledger.acknowledged}, lost ${lost.length}, ` +
        `doubled ${doubled.length}`
    )
    return { told, bad, lost, doubled, half, errors: proxy.errors() }
  })
})

it.live("a rolling restart behind our file, under 20 s of load, loses nothing and repeats nothing", () =>
  Effect.gen(function* () {
    execFileSync("npm", ["run", "build"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] })
    assert.isDefined(delay)
    const { told, bad, lost, doubled, half, errors } = yield* rolling("ours", {
      SHUTDOWN_DELAY_MS: delay!,
      TRUSTED_PROXIES: "127.0.0.1"
    })
    assert.isAbove(told.length, 1000)
    assert.deepStrictEqual({ bad, lost, doubled, half }, { bad: [], lost: [], doubled: [], half: [] }, errors)
  })
)

it.live("the same behind nginx's defaults and without a delay loses requests: this load would show it", () =>
  Effect.gen(function* () {
    const { bad, errors } = yield* rolling("defaults", {})
    assert.isNotEmpty(bad.filter(({ status }) => status === 502))
    assert.include(errors, "no live upstreams")
  })
)
