import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Queue, Stream } from "effect"
import { randomUUID } from "node:crypto"
import { vi } from "vitest"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { Notices } from "../../src/infra/Notices.ts"
import { until } from "../start/startProcess.ts"
import { capturedLog } from "../support/capturedLog.ts"
import { environment } from "../support/environment.ts"
import { live, TestApp } from "../support/TestApp.ts"

vi.setConfig({ testTimeout: 30_000 })

/** The notices of a replica of its own. */
const replica = Effect.fnUntraced(function* (changes: Readonly<Record<string, string>> = {}) {
  const { variables } = yield* TestApp
  const service = Notices.layer.pipe(Layer.provide(AppConfig.layerFrom({ ...environment, ...variables, ...changes })))
  const context = yield* Layer.buildWithMemoMap(service, yield* Layer.makeMemoMap, yield* Effect.scope)
  return Context.get(context, Notices).of
})

type Of = Effect.Success<ReturnType<typeof replica>>

/** Everything that a reader is told from now on. */
const reader = Effect.fnUntraced(function* (of: Of, key: string) {
  const told = yield* Queue.unbounded<string>()
  yield* Effect.forkScoped(Stream.runForEach(of("plan", key), (rest) => Queue.offer(told, rest)))
  return Queue.take(told)
})

const notify = Effect.fnUntraced(function* (payload: string) {
  const { sql } = yield* TestApp
  yield* sql`select pg_notify('plan', ${payload})`
})

/** The connections that listen. */
const listening = Effect.flatMap(
  TestApp,
  ({ sql }) =>
    sql<{
      pid: number
    }>`select pid from pg_stat_activity where datname = current_database() and (query ilike 'listen %' or query = 'select 1')`
)

layer(TestApp.layer(), live)("notices", (it) => {
  it.effect("reach every reader of their key, on one connection a replica", () =>
    Effect.gen(function* () {
      const replicas = [yield* replica(), yield* replica()]
      const key = randomUUID()
      const readers = yield* Effect.forEach(
        replicas.flatMap((of) => Array.from({ length: 25 }, () => of)),
        (of) => reader(of, key)
      )
      const other = yield* reader(replicas[0]!, randomUUID())
      // One on subscribing, one when the connection listens.
      for (const next of [...readers, other]) assert.deepStrictEqual([yield* next, yield* next], ["", ""])
      yield* notify(`${key} 7 of 9`)
      yield* notify(key)
      for (const next of readers) assert.deepStrictEqual([yield* next, yield* next], ["7 of 9", ""])
      assert.lengthOf(yield* listening, 2)
      const nothing = yield* Effect.timeoutOption(other, "200 millis")
      assert.strictEqual(nothing._tag, "None")
    })
  )

  it.effect("go on after the connection is killed, and those who read are told to look", () =>
    Effect.gen(function* () {
      const lines = yield* capturedLog
      const { sql, postgres } = yield* TestApp
      const key = randomUUID()
      const next = yield* reader(yield* replica(), key)
      assert.deepStrictEqual([yield* next, yield* next], ["", ""])
      for (let round = 0; round < 5; round += 1) {
        const [one, ...more] = yield* listening
        assert.isEmpty(more)
        yield* sql`select pg_terminate_backend(${one!.pid}::int, 5000)`
        // Nobody hears this one.
        yield* notify(`${key} lost`)
        assert.strictEqual(yield* next, "")
        yield* notify(`${key} ${round}`)
        assert.strictEqual(yield* next, String(round))
      }
      postgres.shut()
      yield* until(listening, (rows) => rows.length === 0)
      postgres.open()
      assert.strictEqual(yield* next, "")
      const said = lines.filter((line) => line.includes("istening to PostgreSQL"))
      assert.lengthOf(said, 12, "one when it stops and one when it is back")
    })
  )

  it.effect("find out that the connection leads nowhere", () =>
    Effect.gen(function* () {
      const { postgres } = yield* TestApp
      const key = randomUUID()
      const next = yield* reader(yield* replica(), key)
      assert.deepStrictEqual([yield* next, yield* next], ["", ""])
      postgres.silence()
      yield* until(listening, (rows) => rows.length === 0)
      postgres.open()
      assert.strictEqual(yield* next, "")
      yield* notify(`${key} 1`)
      assert.strictEqual(yield* next, "1")
    })
  )

  it.effect("behind PgBouncer in transaction mode look once a second, without a connection", () =>
    Effect.gen(function* () {
      const next = yield* reader(yield* replica({ DB_POOLER: "transaction" }), randomUUID())
      assert.strictEqual(yield* next, "")
      const began = performance.now()
      assert.deepStrictEqual([yield* next, yield* next], ["", ""])
      assert.approximately(performance.now() - began, 2000, 500)
      assert.isEmpty(yield* listening)
    })
  )

  it.effect("drop the oldest for a reader that is slow, never the newest", () =>
    Effect.gen(function* () {
      const key = randomUUID()
      const read: Array<string> = []
      const slow = Stream.runForEach((yield* replica())("plan", key), (rest) =>
        Effect.andThen(
          Effect.sync(() => read.push(rest)),
          Effect.sleep(rest === "" ? "1 second" : 0)
        )
      )
      yield* Effect.forkScoped(slow)
      // It was told that the connection listens, and sleeps once more.
      yield* until(
        Effect.sync(() => read.length),
        (times) => times === 2
      )
      const { sql } = yield* TestApp
      yield* sql`select pg_notify('plan', ${key} || ' ' || n) from generate_series(1, 1000) n`
      yield* until(
        Effect.sync(() => read.at(-1)),
        (last) => last === "1000"
      )
      assert.isBelow(read.length, 40)
    })
  )
})
