import { assert, it, layer } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import * as Sweep from "../../src/auth/Sweep.ts"
import { SweepRepo } from "../../src/auth/SweepRepo.ts"
import { DependencyUnavailable } from "../../src/http/ApiError.ts"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { Jobs, repeatedly } from "../../src/infra/Jobs.ts"
import { withLog } from "../infra/providers.ts"
import { database } from "../support/database.ts"
import { environment } from "../support/environment.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"

const nothing = { states: 0, sessions: 0, events: 0, keys: 0 }
const kinds = ["oauth_states", "user_sessions", "security_audit_events"] as const

const states = (count: number, age: string) => query`
  insert into oauth_states (state_hash, provider, expires_at)
  select gen_random_uuid(), ${age}::text, now() - ${age}::text::interval from generate_series(1, ${count}::int)`

const events = (count: number, age: string) => query`
  insert into security_audit_events (event_type, created_at)
  select ${age}::text, now() - ${age}::text::interval from generate_series(1, ${count}::int)`

/** A session with a name, and how long ago it was created, expires and was revoked. */
const session = (name: string, created: string, expired: string, revoked: string | null) => query`
  with owner as (insert into users default values returning id)
  insert into user_sessions (user_id, token_hash, csrf_token_hash, user_agent, created_at, expires_at, revoked_at)
  select id, gen_random_uuid(), gen_random_uuid(), ${name}, now() - ${created}::text::interval,
    now() - ${expired}::text::interval, now() - ${revoked}::text::interval
  from owner`

const quietly = Effect.map(withLog(Sweep.sweep), ({ value }) => value)

const names = Effect.map(
  query`
    select provider as name from oauth_states union all select event_type from security_audit_events
    union all select user_agent from user_sessions order by name`,
  (rows) => rows.map(({ name }) => name)
)

const service = SweepRepo.layer.pipe(
  Layer.provideMerge(database),
  Layer.provideMerge(TestApp.layer({ AUDIT_RETENTION_DAYS: "400" }))
)

layer(service, live)("the sweep", (it) => {
  it.effect("removes what is past its retention, nothing else, and logs one line", () =>
    Effect.gen(function* () {
      yield* states(1, "25 hours")
      yield* states(1, "23 hours")
      yield* events(1, "401 days")
      yield* events(1, "399 days")
      yield* session("revoked long ago", "40 days", "-10 days", "31 days")
      yield* session("revoked lately", "40 days", "-10 days", "29 days")
      yield* session("expired long ago", "61 days", "31 days", null)
      yield* session("expired lately", "59 days", "29 days", null)
      yield* session("90 days and long ago", "121 days", "-1 days", null)
      yield* session("90 days and lately", "119 days", "-1 days", null)
      yield* session("live", "80 days", "-10 days", null)
      yield* query`
        insert into security_audit_events (event_type, session_id)
        select 'of a dead session', id from user_sessions where user_agent = 'revoked long ago'`
      const { value, lines } = yield* withLog(Sweep.sweep)
      assert.deepStrictEqual(value, { states: 1, sessions: 3, events: 1, keys: 0 })
      assert.deepStrictEqual(yield* names, [
        "23 hours",
        "399 days",
        "90 days and lately",
        "expired lately",
        "live",
        "of a dead session",
        "revoked lately"
      ])
      const told = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === "INFO")
      assert.lengthOf(told, 1)
      assert.deepInclude(told[0].annotations, { states: 1, sessions: 3, events: 1 })
      assert.lengthOf(yield* query`select 1 from security_audit_events where session_id is not null`, 1)
      const again = yield* withLog(Sweep.sweep)
      assert.deepStrictEqual(again.value, nothing)
      assert.notInclude(again.lines.join(), "Removed")
    })
  )

  it.effect("removes keys with their users as long after their end as events are kept, and no event", () =>
    Effect.gen(function* () {
      const ends = [
        ["revoked long ago", "401 days", null],
        ["revoked lately", "399 days", null],
        ["ended long ago", null, "401 days"],
        ["ended lately", null, "399 days"],
        ["revoked long before its end", "401 days", "-10 days"],
        ["live", null, "-10 days"],
        ["without end", null, null]
      ] as const
      const [guild] = yield* query`insert into guilds (name, realm, region, faction, game_version)
        values ('G', 'R', 'eu', 'horde', 'classic') returning id`
      for (const [name, revoked, expired] of ends)
        yield* query`
          with actor as (insert into users default values returning id),
          joined as (insert into guild_memberships (guild_id, user_id, role)
            select ${guild!.id as string}::uuid, id, 'officer' from actor),
          noted as (insert into security_audit_events (event_type, user_id) select ${name}::text, id from actor)
          insert into guild_keys (id, guild_id, name, prefix, token_hash, scopes, revoked_at, expires_at)
          select id, ${guild!.id as string}::uuid, ${name}, 'raid_', id::text, array['refresh'],
            now() - ${revoked}::text::interval, now() - ${expired}::text::interval from actor`
      assert.deepStrictEqual(yield* quietly, { ...nothing, keys: 3 })
      const left = yield* query`select k.name from guild_keys k join users using (id)
        join guild_memberships m on m.user_id = k.id order by 1`
      assert.deepStrictEqual(
        left.map(({ name }) => name),
        ["ended lately", "live", "revoked lately", "without end"]
      )
      const kept = yield* query`select e.user_id is null as nameless from security_audit_events e
        where e.guild_id is null and e.event_type = any (string_to_array(${ends.map(([name]) => name).join(",")}, ','))`
      assert.lengthOf(kept, ends.length)
      assert.lengthOf(
        kept.filter(({ nameless }) => nameless),
        3
      )
      assert.deepStrictEqual(yield* quietly, nothing)
    })
  )

  it.effect("removes any number of rows in batches", () =>
    Effect.gen(function* () {
      yield* states(2500, "2 days")
      yield* events(1000, "500 days")
      assert.deepStrictEqual(yield* quietly, { ...nothing, states: 2500, events: 1000 })
    })
  )

  it.effect("runs on one replica at a time: the other does nothing", () =>
    Effect.gen(function* () {
      yield* states(10, "2 days")
      const repo = yield* SweepRepo
      const sql = yield* SqlClient.SqlClient
      const replica = Layer.fresh(SweepRepo.layer.pipe(Layer.provide(database)))
      const beside = Context.get(yield* Layer.build(replica), SweepRepo)
      const first = repo.remove("oauth_states", 1, 5)
      const second = Effect.forEach(kinds, (kind) => beside.remove(kind, 1, 5))
      const [mine, theirs] = yield* sql.withTransaction(Effect.all([first, second]))
      assert.deepStrictEqual([mine, theirs], [5, [undefined, undefined, undefined]])
      assert.strictEqual(yield* beside.remove("oauth_states", 1, 1000), 5)
    })
  )

  it.effect("of ten that begin at once, one sweeps and nine leave at once", () =>
    Effect.gen(function* () {
      yield* events(5, "500 days")
      const { remove } = yield* SweepRepo
      const sql = yield* SqlClient.SqlClient
      const done: Array<number | undefined> = []
      const held = yield* Deferred.make<void>()
      const once = remove("security_audit_events", 400, 1000).pipe(
        Effect.tap((removed) => Effect.sync(() => done.push(removed)))
      )
      const ten = Effect.replicateEffect(once, 10, { concurrency: "unbounded" })
      // Not within the transaction below, which they would join.
      const racing = yield* Effect.forkChild(Effect.andThen(Deferred.await(held), ten))
      const nine = Effect.repeat(
        Effect.sync(() => done.length),
        { until: (count) => count === 9 }
      )
      // Whoever has the turn waits for these rows, so that it is still sweeping when the last one asks.
      const rows = sql`select 1 from security_audit_events for update`
      yield* sql.withTransaction(Effect.all([rows, Deferred.succeed(held, undefined), nine]))
      yield* Fiber.join(racing)
      assert.deepStrictEqual(done, [...Array.from({ length: 9 }, () => undefined), 5])
    })
  )

  it.effect("ten at once remove each row only once", () =>
    Effect.gen(function* () {
      yield* events(3000, "500 days")
      const all = yield* Effect.replicateEffect(quietly, 10, { concurrency: "unbounded" })
      const left = (yield* quietly).events
      assert.strictEqual(
        all.reduce((sum, { events }) => sum + events, left),
        3000
      )
    })
  )
})

it.effect("sweeps a minute after the start and then every hour, even after failures", () => {
  let sweeps = 0
  const repo = Layer.mock(SweepRepo, {
    remove: (what, days) =>
      Effect.suspend(() => {
        if (what === "security_audit_events") assert.strictEqual(days, 365)
        if (what !== "oauth_states") return Effect.succeed(0)
        sweeps += 1
        if (sweeps === 1) return Effect.fail(new DependencyUnavailable({ retryAfter: 1 }))
        return sweeps === 2 ? Effect.die("broken") : Effect.undefined
      })
  })
  const jobs = Layer.mock(Jobs, {
    singleton: (name, every, work) => Effect.forkScoped(repeatedly(name, every, work))
  })
  const running = Sweep.layerNoDeps.pipe(Layer.provide([repo, jobs]), Layer.provide(AppConfig.layerFrom(environment)))
  return withLog(
    Effect.gen(function* () {
      yield* Layer.build(running)
      for (const [time, count] of [
        ["59 seconds", 0],
        ["1 second", 1],
        ["59 minutes", 1],
        ["1 minute", 2],
        ["24 hours", 26]
      ] as const) {
        yield* TestClock.adjust(time)
        assert.strictEqual(sweeps, count)
      }
    })
  )
})
