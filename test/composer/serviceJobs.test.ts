import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { freePort, step } from "../../src/demo/servers/Watchdog.ts"
import { startProcess } from "../start/startProcess.ts"
import { cookieOf, listen } from "../streams/listen.ts"
import { capturedLog } from "../support/capturedLog.ts"
import { environment } from "../support/environment.ts"
import { eventually } from "../support/eventually.ts"
import { somebody } from "../support/people.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"
import { soon } from "../refreshes/guild/refreshing.ts"
import { composerOf, composingGuild, entriesIn, slowly } from "./composing.ts"
import { modes } from "./modes.ts"

const running = ({ state, value }: { readonly state: string; readonly value: number | null }) =>
  state === "running" && value !== null

const sequences = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))

const references = Layer.merge(slowly(), soon)

layer(TestApp.layer({}, references), live)("the work of compositions", (it) => {
  it.effect("one at a time, two wait, the next is told to come back; who leaves the line makes room", () =>
    Effect.gen(function* () {
      const { compose, when, stop, get, admin, url } = yield* composingGuild(5)
      const [first, second, third] = [yield* compose(), yield* compose(), yield* compose()]
      yield* when(first.id, running)
      const busy = yield* admin.send("POST", `${url}/compose`, { json: {} })
      assert.deepStrictEqual([busy.status, busy.body.error.code], [429, "composition.busy"])
      assert.isAtLeast(Number(busy.headers["retry-after"]), 1)
      assert.isAtMost(Number(busy.headers["retry-after"]), 60)
      assert.strictEqual((yield* get(second.id)).state, "queued")
      const left = (yield* stop(second.id)).body.composition
      assert.deepInclude(left, { state: "stopped", ended_by: "cancel", value: null, raids: null })
      const fourth = yield* Effect.retry(compose(), { times: 20 })
      yield* stop(first.id)
      yield* when(third.id, running)
      assert.strictEqual((yield* get(fourth.id)).state, "queued")
      for (const { id } of [third, fourth]) yield* stop(id)
    })
  )

  it.effect(
    "is stopped within a second from either replica, with the best so far, whether its thread hears it or not",
    () =>
      Effect.gen(function* () {
        const { variables } = yield* TestApp
        const here = yield* composingGuild(7)
        const other = yield* somebody(yield* startReplica(variables, undefined, references))
        yield* here.join(other, "officer")
        const there = composerOf(here.url, other.send)
        for (const [from, seconds] of [
          [here, modes.patient],
          [there, modes.patient],
          [there, modes.stubborn],
          [here, modes.stubborn]
        ] as const) {
          const { id } = yield* here.compose({ seconds })
          yield* here.when(id, running)
          const before = Date.now()
          const { status, body } = yield* from.stop(id)
          assert.isBelow(Date.now() - before, 1500)
          assert.strictEqual(status, 200)
          assert.deepInclude(body.composition, { state: "stopped", ended_by: "cancel" })
          assert.lengthOf(entriesIn(body.composition), 7)
          assert.strictEqual(body.composition.gap, body.composition.bound - body.composition.value)
          assert.deepStrictEqual((yield* from.stop(id)).body, body)
        }
      })
  )

  it.effect(
    "ends at its time, even if the thread does not, and as lost if the thread dies; the next one runs",
    () =>
      Effect.gen(function* () {
        const { compose, ended } = yield* composingGuild(6)
        const late = yield* compose({ seconds: modes.short })
        const dead = yield* compose({ seconds: modes.greedy })
        assert.deepInclude(yield* ended(late.id), { state: "done", ended_by: "time", proof: "lp" })
        const lost = yield* ended(dead.id)
        assert.deepInclude(lost, { state: "lost", ended_by: null, parts: null })
        assert.lengthOf(entriesIn(lost), 6)
        const next = yield* compose({ seconds: modes.short })
        assert.strictEqual((yield* ended(next.id)).state, "done")
      }),
    60_000
  )

  it.effect("is followed through a cut, and to its end; then nothing more comes", () =>
    Effect.gen(function* () {
      const { url: origin } = yield* TestApp
      const { compose, stop, one, get, admin } = yield* composingGuild(5)
      const cookie = yield* cookieOf(admin)
      const { id } = yield* compose({ seconds: modes.patient })
      const follow = (after?: number) =>
        listen(`${origin}${one(id)}/events`, cookie, after === undefined ? {} : { "last-event-id": String(after) })
      const first = yield* follow()
      yield* first.has('"state":"running","stage":"annealing"')
      first.close()
      const told = sequences(first.text())
      const rest = yield* follow(told.at(-1))
      yield* rest.has('"state":"running"')
      yield* stop(id)
      yield* rest.ended
      const all = [...told, ...sequences(rest.text())]
      assert.deepStrictEqual(
        all,
        [...new Set(all)].toSorted((a, b) => a - b)
      )
      const last = JSON.parse(/data: (.*)\n\n$/.exec(rest.text())![1]!).composition
      const { raids: _, parts: __, why: ___, ...summary } = yield* get(id)
      assert.deepStrictEqual(last, summary)
      assert.strictEqual((yield* follow(all.at(-1))).response.status, 204)
      const again = yield* follow(all[0])
      yield* again.ended
      assert.deepStrictEqual(sequences(again.text()), all.slice(-1))
    })
  )

  it.effect("is lost at once when its replica is drained, and can be asked for again", () =>
    Effect.gen(function* () {
      const { variables } = yield* TestApp
      const here = yield* composingGuild(5)
      const [ran, waited] = yield* Effect.scoped(
        Effect.gen(function* () {
          const other = yield* somebody(yield* startReplica(variables, undefined, references))
          yield* here.join(other, "officer")
          const there = composerOf(here.url, other.send)
          const both = [yield* there.compose(), yield* there.compose()] as const
          yield* here.when(both[0].id, running)
          return both
        })
      )
      assert.deepInclude(yield* here.get(ran.id), { state: "lost", ended_by: null })
      assert.strictEqual((yield* here.get(waited.id)).state, "lost")
      const next = yield* here.compose()
      yield* here.when(next.id, running)
      yield* here.stop(next.id)
    })
  )

  it.effect("is lost when its server says nothing for 15 s, for good, and its listeners are told", () =>
    Effect.gen(function* () {
      const { url: origin } = yield* TestApp
      const { compose, when, one, get, admin, stop, list } = yield* composingGuild(5)
      const { id } = yield* compose({ seconds: modes.silent })
      yield* when(id, ({ state }) => state === "running")
      const stream = yield* listen(`${origin}${one(id)}/events`, yield* cookieOf(admin))
      yield* stream.has('"state":"running"')
      yield* query`update plan_compositions set beat_at = now() - interval '16 seconds' where id = ${id}::uuid`
      assert.strictEqual((yield* get(id)).state, "lost")
      assert.isNotNull((yield* list)[0]!.finished_at)
      yield* stream.ended
      assert.match(stream.text(), /"state":"lost"/)
      assert.strictEqual((yield* stop(id)).body.composition.state, "lost")
    })
  )

  it.effect("is ended when it takes more memory than it may; metrics tell how many ran, wait, and how they ended", () =>
    Effect.gen(function* () {
      const { variables } = yield* TestApp
      const log = yield* capturedLog
      const here = yield* composingGuild(5)
      const port = yield* step(freePort)
      const small = Layer.merge(slowly({ heap: 1024, memory: 50 }), soon)
      const other = yield* somebody(yield* startReplica({ ...variables, METRICS_PORT: String(port) }, undefined, small))
      yield* here.join(other, "officer")
      const there = composerOf(here.url, other.send)
      const { id } = yield* there.compose({ seconds: modes.greedy })
      assert.strictEqual((yield* here.ended(id)).state, "lost")
      yield* eventually(
        Effect.sync(() => log.join("\n")),
        (text) => text.includes("It takes too much memory")
      )
      const [ran, waits] = [yield* there.compose(), yield* there.compose()]
      yield* here.when(ran.id, running)
      const metrics = yield* Effect.promise(() => fetch(`http://127.0.0.1:${port}/metrics`).then((it) => it.text()))
      assert.match(metrics, /^composer_job_active\S* 1$/m)
      assert.match(metrics, /^composer_jobs_waiting\S* 1$/m)
      assert.match(metrics, /^composer_job_duration_seconds_count\{.*state="lost".*\} 1$/m)
      for (const one of [ran, waits]) yield* there.stop(one.id)
    })
  )

  it.effect.each([
    ["SIGTERM", 3000],
    ["SIGKILL", 20_000]
  ] as const)(
    "is lost when its server is ended by %s, within %i ms",
    ([signal, within]) =>
      Effect.gen(function* () {
        const { variables } = yield* TestApp
        const here = yield* composingGuild(40)
        const process = yield* startProcess({ ...environment, ...variables })
        yield* process.serving
        const other = yield* somebody(process.url.replace(/\/api\/v1$/, ""))
        yield* here.join(other, "officer")
        const { id } = yield* composerOf(here.url, other.send).compose()
        yield* here.when(id, ({ state }) => state === "running")
        process.kill(signal)
        const before = Date.now()
        assert.strictEqual((yield* here.ended(id)).state, "lost")
        assert.isBelow(Date.now() - before, within)
        assert.strictEqual(yield* process.ended, signal === "SIGTERM" ? 0 : signal)
      }),
    60_000
  )
})
