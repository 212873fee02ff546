import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { applied, type Layout } from "../../src/plans/Layout.ts"
import type { Any } from "../roster/Any.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"
import { plannedGuild, seat } from "./planned.ts"
import { layoutOf, revisionsOf } from "./replay.ts"

const failure = ({ status, body }: { readonly status: number; readonly body: Any }) => [status, body.error?.code]

layer(TestApp.layer(), live)("revisions of a plan", (it) => {
  it.effect("every write is one: who, when and what was moved", () =>
    Effect.gen(function* () {
      const { mains, patch, put, admin, officer, url } = yield* plannedGuild(3)
      yield* patch([seat(mains[0], 0, 1, 2)], 1, officer)
      yield* patch([seat(mains[0], 0, 1, 3), seat(mains[1], 0, 0, 0)], 2)
      const one = (entry: Any, spec?: string) => ({ entry_id: entry.entry_id, ...(spec && { spec }) })
      yield* put(
        { title: "Thursday", raids: [{ title: "Gruul", size: 25, groups: [], bench: [one(mains[0], "Fury")] }] },
        3
      )
      const revisions = yield* revisionsOf(admin, url)
      assert.deepStrictEqual(
        revisions.map(({ revision, by, summary }: Any) => [revision, by.user_id, summary]),
        [
          [1, admin.id, "Created."],
          [2, officer.id, `${mains[0].name} to group 2 of Karazhan A.`],
          [3, admin.id, "1 moved, 1 added."],
          [4, admin.id, "Renamed to Thursday. Raid 1 changed. Raid 2 removed. 1 moved, 1 taken out."]
        ]
      )
      const place = { raid: 0, group: 1, slot: 2, spec: "Arms" }
      assert.deepStrictEqual(revisions[1].moves, [
        { entry_id: mains[0].entry_id, name: mains[0].name, from: null, to: place }
      ])
      assert.deepStrictEqual(revisions[3].title, { from: "Wednesday", to: "Thursday" })
      const alone = yield* admin.send("GET", `${url}/revisions/2`)
      assert.deepStrictEqual(alone.body, { revision: revisions[1] })
      assert.deepStrictEqual(failure(yield* admin.send("GET", `${url}/revisions/5`)), [404, "plan.revision_not_found"])
      const page = (yield* admin.send("GET", `${url}/revisions?limit=3`)).body
      assert.deepStrictEqual([page.revisions.length, page.next_cursor], [3, "2"])
      const last = (yield* admin.send("GET", `${url}/revisions?limit=3&cursor=2`)).body
      assert.deepStrictEqual([last.revisions.length, last.next_cursor], [1, null])
    })
  )

  it.effect("any of them can be compared and restored", () =>
    Effect.gen(function* () {
      const { mains, alts, patch, put, admin, url, read } = yield* plannedGuild(8)
      const states: Array<Layout> = [layoutOf(yield* read)]
      const step = Effect.fnUntraced(function* (ask: Effect.Effect<Any, Any, Any>) {
        const { status, body } = yield* ask
        assert.strictEqual(status, 200, JSON.stringify(body))
        states.push(layoutOf(body.plan))
      })
      const bench = (entry: Any, raid: number) => ({ op: "bench", entry_id: entry.entry_id, raid })
      yield* step(patch(mains.map((one, at) => seat(one, 0, at % 5, Math.floor(at / 5)))))
      yield* step(patch([bench(alts[0], 1), bench(alts[1], 1), bench(alts[2], 1)]))
      yield* step(patch([{ op: "remove", entry_id: alts[0].entry_id }, bench(alts[0], 1)]))
      yield* step(patch([{ op: "swap", a: alts[1].entry_id, b: mains[1].entry_id }]))
      yield* step(patch([{ op: "set_spec", entry_id: mains[0].entry_id, spec: "Fury" }]))
      yield* step(put({ raids: [{ title: "One", size: 40, groups: [[{ entry_id: mains[7].entry_id }]], bench: [] }] }))
      for (let from = 1; from <= states.length; from++) {
        for (let to = 1; to <= states.length; to++) {
          const diff = (yield* admin.send("GET", `${url}/diff?from=${from}&to=${to}`)).body
          assert.deepStrictEqual([diff.from, diff.to], [from, to])
          assert.deepStrictEqual(applied(states[from - 1]!, diff), states[to - 1])
        }
      }
      for (const [index, state] of states.entries()) {
        const restored = yield* admin.send("POST", `${url}/revisions/${index + 1}/restore`, {
          headers: { "if-match": "*" }
        })
        assert.strictEqual(restored.status, 200)
        assert.deepStrictEqual(layoutOf(restored.body.plan), state)
        assert.deepStrictEqual(yield* read, restored.body.plan)
      }
      const revisions = yield* revisionsOf(admin, url)
      assert.strictEqual(revisions.at(-1).summary, "Revision 7 restored.")
      const replayed = revisions.reduce((layout: Layout, one: Any) => applied(layout, one), { title: "", raids: [] })
      assert.deepStrictEqual(replayed, layoutOf(yield* read))
      assert.deepStrictEqual(failure(yield* admin.send("GET", `${url}/diff?from=1&to=99`)), [
        404,
        "plan.revision_not_found"
      ])
    })
  )

  it.effect("restoring leaves out who has left, and keeps who is still seated", () =>
    Effect.gen(function* () {
      const { mains, patch, players, admin, path, url } = yield* plannedGuild(3)
      yield* patch(mains.map((one, at) => seat(one, 0, 0, at)))
      yield* patch([{ op: "remove", entry_id: mains[0].entry_id }])
      for (const at of [0, 1]) yield* admin.send("DELETE", `${path}/players/${players[at].id}`)
      const { body } = yield* admin.send("POST", `${url}/revisions/2/restore`, { headers: { "if-match": '"3"' } })
      assert.strictEqual(body.plan.revision, 3, "who is there is where they were: nothing to write")
      yield* patch([seat(mains[1], 0, 4, 4)])
      const again = yield* admin.send("POST", `${url}/revisions/2/restore`, { headers: { "if-match": '"4"' } })
      assert.deepStrictEqual(
        again.body.plan.raids[0].groups[0].map((one: Any) => one?.name ?? null),
        [null, mains[1].name, mains[2].name, null, null]
      )
    })
  )

  it.effect("the last 1,000 are kept", () =>
    Effect.gen(function* () {
      const { mains, patch, plan, admin, url } = yield* plannedGuild(1)
      yield* patch([seat(mains[0], 0, 0, 0)])
      yield* query`update plan_revisions set revision = revision + 1000 where plan_id = ${plan.id}::uuid and revision = 2`
      yield* query`insert into plan_revisions (plan_id, revision, summary, raids, moves)
        select ${plan.id}::uuid, n, 'Filler.', '[]', '[]' from generate_series(2, 1001) n`
      yield* query`update plans set revision = 1002 where id = ${plan.id}::uuid`
      yield* patch([seat(mains[0], 0, 0, 1)], 1002)
      const count = yield* query`select count(*)::int as n, min(revision)::int as oldest, max(revision)::int as newest
        from plan_revisions where plan_id = ${plan.id}::uuid`
      assert.deepStrictEqual(count, [{ n: 1000, oldest: 4, newest: 1003 }])
      assert.deepStrictEqual(failure(yield* admin.send("GET", `${url}/diff?from=3&to=1003`)), [
        404,
        "plan.revision_not_found"
      ])
      const { moves } = (yield* admin.send("GET", `${url}/diff?from=4&to=1003`)).body
      assert.strictEqual(moves.length, 1)
    })
  )
})
