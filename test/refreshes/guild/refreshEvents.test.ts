import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { eventually } from "../../support/eventually.ts"
import { query } from "../../support/query.ts"
import { seededGuild } from "../../support/seeded.ts"
import { live, TestApp } from "../../support/TestApp.ts"
import { StreamRules } from "../../../src/streams/EventStreams.ts"
import type { RefreshNews } from "../../../src/refreshes/guild/GuildRefresh.ts"
import { officerAt, path, someEntries, soon } from "./refreshing.ts"

interface Told {
  readonly id: number
  readonly data: RefreshNews
}

type Officer = Effect.Success<ReturnType<typeof officerAt>>

/** Listens until the stream ends or so many events came. */
const listen = Effect.fnUntraced(function* (
  officer: Officer,
  id: string,
  after?: number,
  most = Number.POSITIVE_INFINITY
) {
  const cookie = `session=${yield* officer.cookie("session")}`
  return yield* Effect.promise(async (signal) => {
    const headers = { cookie, ...(after !== undefined && { "last-event-id": String(after) }) }
    const response = await fetch(`${officer.url}${path}/${id}/events`, { headers, signal })
    const told: Array<Told> = []
    let text = ""
    if (response.status !== 200) return { status: response.status, told }
    for await (const bytes of response.body!.pipeThrough(new TextDecoderStream())) {
      text += bytes
      const blocks = text.split("\n\n")
      text = blocks.pop()!
      for (const block of blocks) {
        const [, number, data] = /^id: (\d+)\nevent: refresh\ndata: (.*)$/.exec(block) ?? []
        if (data !== undefined) told.push({ id: Number(number), data: JSON.parse(data) })
      }
      if (told.length >= most) break
    }
    return { status: 200, told }
  })
})

const rules = Layer.succeed(StreamRules, { replica: 2000, person: 1000, heartbeat: 15 })

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }, Layer.merge(soon, rules)), live)("the events of a refresh", (it) => {
  it.effect(
    "tell every outcome once, through a cut, and end with the refresh",
    () =>
      Effect.gen(function* () {
        const { warcraftlogs, battlenet } = yield* TestApp
        const officer = yield* officerAt()
        warcraftlogs.fault({ kind: "slow", ms: 150 })
        battlenet.fault({ kind: "slow", ms: 30 })
        const { id, parts } = yield* officer.start()
        const first = (yield* listen(officer, id, undefined, 2)).told
        assert.lengthOf(first, 2)
        // Cut, while things go on.
        yield* eventually(officer.get(id), ({ providers }) => providers.battlenet.waiting < 30)
        const rest = yield* listen(officer, id, first[1]!.id)
        const done = yield* officer.get(id)
        warcraftlogs.clearFaults()
        battlenet.clearFaults()
        assert.strictEqual(done.state, "done")
        const all = [...first, ...rest.told]
        assert.deepStrictEqual(
          all.map(({ data }) => data.after),
          [0, ...all.slice(0, -1).map(({ id }) => id)]
        )
        const told = all.flatMap(({ data }) => data.parts)
        const keyOf = ({ entry_id, provider }: (typeof told)[number]) => `${entry_id} ${provider}`
        assert.lengthOf(told, parts.length)
        assert.sameDeepMembers(told, done.parts)
        assert.lengthOf(new Set(told.map(keyOf)), parts.length)
        assert.deepStrictEqual({ ...all.at(-1)!.data.refresh, parts: done.parts }, done)
        assert.strictEqual((yield* listen(officer, id, all.at(-1)!.id)).status, 204)
        assert.lengthOf((yield* listen(officer, id, all[0]!.id)).told, 1)
      }),
    30_000
  )

  it.effect(
    "reach 200 listeners by the same few statements",
    () =>
      Effect.gen(function* () {
        const { texts } = yield* TestApp
        const officer = yield* officerAt()
        const [made] = yield* query`
          insert into guild_refreshes (guild_id) values (${seededGuild}::uuid) returning id`
        const id = String(made!.id)
        const listening = yield* Effect.forkChild(
          Effect.forEach(Array.from({ length: 200 }), () => listen(officer, id), { concurrency: "unbounded" })
        )
        const reads = () => texts.filter((text) => text.includes("'after', ask.after")).length
        // Each has looked once by then, so that all wait for news.
        yield* eventually(Effect.sync(reads), (count) => count > 0)
        yield* Effect.sleep("3 seconds")
        const before = reads()
        yield* query`
          with moved as (update guild_refreshes set sequence = sequence + 1 where id = ${id}::uuid returning id)
          select pg_notify('guild_refresh', id::text) from moved`
        yield* Effect.sleep("1 second")
        const during = reads() - before
        yield* query`
          with ended as (update guild_refreshes set sequence = sequence + 1, outcome = 'done', finished_at = now()
            where id = ${id}::uuid returning id)
          select pg_notify('guild_refresh', id::text) from ended`
        const all = yield* Fiber.join(listening)
        assert.isAtMost(during, 5)
        for (const { told } of all)
          assert.deepStrictEqual(
            told.map(({ id }) => id),
            [1, 2, 3]
          )
      }),
    40_000
  )

  const leaving = {
    "signs out": (officer: Officer) => officer.send("POST", "/api/v1/auth/logout"),
    "leaves the guild": (officer: Officer) =>
      Effect.flatMap(officer.send("GET", "/api/v1/auth/session"), ({ body }) =>
        officer.send("DELETE", `/api/v1/guilds/${seededGuild}/members/${body.user.id}`)
      )
  }
  it.effect.each(["signs out", "leaves the guild"] as const)(
    "end when the listener %s",
    (how) =>
      Effect.gen(function* () {
        const officer = yield* officerAt()
        const [made] = yield* query`
          insert into guild_refreshes (guild_id) values (${seededGuild}::uuid) returning id`
        const id = String(made!.id)
        const listening = yield* Effect.forkChild(listen(officer, id))
        yield* Effect.sleep("500 millis")
        const { status } = yield* leaving[how](officer)
        assert.isBelow(status, 300)
        const { told } = yield* Fiber.join(listening)
        assert.lengthOf(told, 1)
        yield* query`delete from guild_refreshes where id = ${id}::uuid`
      }),
    20_000
  )
})

layer(TestApp.layer({ RUN_DB_SEEDS: "true", REFRESH_NIGHTLY: "* * * * * UTC" }, soon), live)(
  "what runs by itself",
  (it) => {
    it.effect(
      "refreshes a stale roster at night, once a night",
      () =>
        Effect.gen(function* () {
          const officer = yield* officerAt()
          const list = Effect.map(officer.send("GET", path), ({ body }) => body.refreshes)
          const [one] = yield* eventually(list, ([one]) => one?.finished_at !== undefined && one.finished_at !== null)
          assert.deepInclude(one, { state: "done", requested_by: null })
          assert.strictEqual(one.providers.battlenet.total, 63)
          yield* Effect.sleep("2 seconds")
          assert.lengthOf(yield* list, 1)
        }),
      40_000
    )

    it.effect(
      "begins work again that stood still, and ends work that cannot go on",
      () =>
        Effect.gen(function* () {
          const officer = yield* officerAt()
          const [entry] = yield* someEntries(1)
          const stand = (age: string) => query`
          with made as (
            insert into guild_refreshes (guild_id, created_at, moved_at)
            values (${seededGuild}::uuid, now() - ${age}::text::interval, now() - interval '6 minutes') returning id
          ), asked as (
            insert into guild_refresh_providers (refresh_id, provider) select id, 'battlenet' from made
          ), part as (
            insert into guild_refresh_parts (refresh_id, provider, entry_id, character_id)
            select made.id, 'battlenet', e.id, e.character_id from made, roster_entries e where e.id = ${entry!}::uuid
          )
          select id from made`
          for (const [age, state] of [
            ["10 minutes", "done"],
            ["3 days", "failed"]
          ] as const) {
            const [made] = yield* stand(age)
            assert.strictEqual((yield* officer.ended(String(made!.id))).state, state)
          }
        }),
      40_000
    )

    it.effect(
      "forgets refreshes after four weeks",
      () =>
        Effect.gen(function* () {
          for (const age of ["29 days", "27 days"])
            yield* query`
            insert into guild_refreshes (guild_id, outcome, created_at, finished_at)
            values (${seededGuild}::uuid, 'done', now() - ${age}::text::interval, now() - ${age}::text::interval)`
          const ages = query`select extract(day from now() - created_at)::int as days from guild_refreshes where created_at < now() - interval '5 days'`
          const left = yield* eventually(ages, (rows) => rows.length < 2)
          assert.deepStrictEqual(left, [{ days: 27 }])
        }),
      60_000
    )
  }
)
