import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { applied, type Layout } from "../../src/plans/Layout.ts"
import type { Any } from "../roster/Any.ts"
import { until } from "../start/startProcess.ts"
import { somebody } from "../support/people.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"
import { plannedGuild, seat } from "./planned.ts"
import { layoutOf, revisionsOf } from "./replay.ts"

/** `PLAN_ROUNDS=1000 PLAN_OFFICERS=50` for the long run. */
const rounds = Number(process.env["PLAN_ROUNDS"] ?? "12")
const officers = Number(process.env["PLAN_OFFICERS"] ?? "50")

const pick = <A>(list: ReadonlyArray<A>) => list[Math.floor(Math.random() * list.length)]!

const deadlocks = query`select deadlocks::int as n from pg_stat_database where datname = current_database()`

layer(TestApp.layer({ RATE_LIMIT_REQUESTS: "1000000" }), live)("many officers at once", (it) => {
  it.effect(
    `${officers} officers writing one plan at once for ${rounds} rounds: every accepted write is a revision, none lost`,
    () =>
      Effect.gen(function* () {
        const { mains, alts, plan, url, admin, guild, read, path, players } = yield* plannedGuild(30)
        const people = yield* Effect.forEach(Array.from({ length: officers }), () => somebody(), { concurrency: 4 })
        const ids = people.map(({ id }) => id).join(",")
        yield* query`insert into guild_memberships (guild_id, user_id, role)
          select ${guild.id}::uuid, u::uuid, 'officer' from unnest(string_to_array(${ids}, ',')) u`
        const all = [...mains, ...alts]
        const counts = { accepted: 0, stale: 0, conflict: 0, unchanged: 0, busy: 0 }
        const replay = { layout: { title: "", raids: [] } as Layout, revision: 0 }
        const seen: Array<number> = []

        /** Anything that an officer does; a fifth of them insist on it, whatever was written since. */
        const act = Effect.fnUntraced(function* (person: (typeof people)[number], index: number, now: Any) {
          const one = pick(all)
          const raid = Math.floor(Math.random() * 2)
          const kinds = [
            seat(one, raid, Math.floor(Math.random() * (raid === 0 ? 5 : 2)), Math.floor(Math.random() * 5)),
            { op: "bench", entry_id: one.entry_id, raid },
            { op: "remove", entry_id: one.entry_id },
            { op: "swap", a: one.entry_id, b: pick(all).entry_id }
          ]
          const headers = { "if-match": index % 5 === 0 ? "*" : `"${now.revision}"` }
          if (index % 10 !== 9) {
            const json = { ops: [pick(kinds), ...(Math.random() < 0.3 ? [pick(kinds)] : [])] }
            return {
              ...(yield* person.send("PATCH", url, { json, headers })),
              before: now.revision,
              insists: index % 5 === 0
            }
          }
          const groups = (raid: Any) =>
            raid.groups
              .map((seats: Any) => seats.map((s: Any) => s && { entry_id: s.entry_id, spec: s.spec }))
              .toReversed()
          const json = {
            raids: now.raids.map((raid: Any) => ({
              ...raid,
              groups: groups(raid),
              bench: raid.bench.map((s: Any) => ({ entry_id: s.entry_id, spec: s.spec }))
            }))
          }
          return { ...(yield* person.send("PUT", url, { json, headers })), before: now.revision, insists: false }
        })

        for (let round = 0; round < rounds; round++) {
          const now = yield* read
          // The roster is edited as well: it locks what a seat leads to.
          const edit = admin.send("PATCH", `${path}/players/${pick(players).id}`, { json: { note: `round ${round}` } })
          const [answers] = yield* Effect.all(
            [
              Effect.all(
                people.map((person, index) => act(person, index, now)),
                { concurrency: "unbounded" }
              ),
              edit
            ],
            { concurrency: "unbounded" }
          )
          const won: Array<number> = []
          for (const [index, { status, body, before, insists }] of answers.entries()) {
            // Whoever changes nothing is answered what somebody else wrote.
            const isOwn = status === 200 && body.plan.updated_by.user_id === people[index]!.id
            if (status === 200 && !(isOwn && body.plan.revision > before)) counts.unchanged += 1
            else if (status === 200) {
              counts.accepted += 1
              won.push(body.plan.revision)
              // Whoever said what they had seen overwrote nothing else.
              if (!insists) assert.strictEqual(body.plan.revision, before + 1)
            } else if (status === 412) {
              counts.stale += 1
              assert.isAbove(body.error.details.revision, before)
            } else if (status === 503) counts.busy += 1
            else {
              assert.deepStrictEqual([status, body.error.code], [409, "plan.conflict"])
              counts.conflict += 1
            }
          }
          seen.push(...won)
          const after = yield* read
          assert.isAtLeast(after.revision, Math.max(now.revision, ...won))
          if (round % 100 === 99 || round === rounds - 1) {
            // The API shows the last 1,000, so it is read on the way.
            for (const one of yield* revisionsOf(admin, url)) {
              if (one.revision <= replay.revision) continue
              assert.strictEqual(one.revision, replay.revision + 1)
              replay.layout = applied(replay.layout, one)
              replay.revision = one.revision
            }
            assert.deepStrictEqual(replay.layout, layoutOf(after))
          }
          const seats = after.raids.map(({ groups, bench }: Any) => [...groups.flat().filter(Boolean), ...bench])
          const entries = seats.flat().map(({ entry_id }: Any) => entry_id)
          assert.strictEqual(new Set(entries).size, entries.length)
          for (const raid of seats) {
            assert.strictEqual(new Set(raid.map(({ player }: Any) => player.id)).size, raid.length)
          }
        }
        // Two accepted writes are two revisions, and there is no revision but of an accepted write.
        assert.strictEqual(new Set(seen).size, seen.length)
        const { revision } = yield* read
        // One that was answered 503 may have been stored.
        assert.isAtLeast(revision, 1 + counts.accepted)
        assert.isAtMost(revision, 1 + counts.accepted + counts.busy)
        assert.isAbove(counts.accepted, rounds / 2)
        assert.isAbove(counts.stale, rounds)
        assert.deepStrictEqual(yield* deadlocks, [{ n: 0 }])
        process.stdout.write(`${JSON.stringify({ rounds, officers, plan: plan.id, revision, ...counts })}\n`)
      }),
    rounds * 4000 + 60_000
  )

  it.effect("of 50 officers who have seen the same, one writes", () =>
    Effect.gen(function* () {
      const { mains, patch } = yield* plannedGuild(50)
      const answers = yield* Effect.all(
        mains.map((one, at) => patch([seat(one, 0, at % 5, Math.floor(at / 10))], 1)),
        { concurrency: "unbounded" }
      )
      const codes = answers.map(({ status }) => status)
      assert.lengthOf(
        codes.filter((status) => status === 200),
        1
      )
      assert.lengthOf(
        codes.filter((status) => status === 412),
        49
      )
    })
  )

  it.effect("a plan and its roster written at once: seats stay true, nothing is lost", () =>
    Effect.gen(function* () {
      const { mains, patch, players, admin, path, read, plan } = yield* plannedGuild(16)
      yield* patch(
        mains
          .slice(0, 8)
          .map((one, at) => seat(one, 0, 0, at % 5))
          .slice(0, 5)
      )
      const answers = yield* Effect.all(
        players.flatMap(({ id }, at) => [
          // A machine under load answers 503 to some; who is not removed yet is removed again.
          until(admin.send("DELETE", `${path}/players/${id}`), ({ status }) => status !== 503),
          patch([seat(mains[at], 0, 1 + (at % 4), Math.floor(at / 4))])
        ]),
        { concurrency: "unbounded" }
      )
      for (const { status } of answers) assert.include([200, 204, 404, 409, 503], status)
      const { raids } = yield* read
      const seats = raids[0].groups.flat().filter(Boolean)
      assert.isTrue(seats.every(({ gone }: Any) => gone))
      const live = yield* query`select count(*)::int as n from plan_seats
        where plan_id = ${plan.id}::uuid and live_entry_id is not null`
      assert.deepStrictEqual(live, [{ n: 0 }])
      assert.deepStrictEqual(yield* deadlocks, [{ n: 0 }])
    })
  )
})
