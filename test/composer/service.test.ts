import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { keyed } from "../guilds/keyed.ts"
import type { Any } from "../roster/Any.ts"
import { somebody } from "../support/people.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"
import { composerOf, composingGuild, entriesIn } from "./composing.ts"

layer(TestApp.layer(), live)("compositions of a plan", (it) => {
  it.effect(
    "are asked for, told with their certificate, compared, accepted, and asked why not",
    () =>
      Effect.gen(function* () {
        const { compose, ended, admin, url, list, one, read, mains, alts, put, plan } = yield* composingGuild(8)
        const begun = yield* compose({ seconds: 10 })
        assert.include(["queued", "running"], begun.state)
        assert.deepInclude(begun, {
          plan_id: plan.id,
          revision: 1,
          requested_by: admin.id,
          parent_id: null,
          raids: null
        })
        const done = yield* ended(begun.id)
        assert.strictEqual(done.state, "done")
        assert.include(["optimal", "work", "time"], done.ended_by)
        assert.isAtLeast(done.bound, done.value)
        assert.strictEqual(done.gap, done.bound - done.value)
        assert.strictEqual(done.proof, "lp")
        assert.strictEqual(
          Object.values(done.parts as Record<string, number>).reduce((all, part) => all + part, 0),
          done.value
        )
        const seated = entriesIn(done)
        assert.sameMembers(
          done.why.map(({ entry_id }: Any) => entry_id),
          [...seated]
        )
        assert.isTrue(seated.every((entry) => [...mains, ...alts].some(({ entry_id }) => entry_id === entry)))
        const { raids: _, parts: __, why: ___, ...summary } = done
        assert.deepStrictEqual(yield* list, [summary])

        const accept = (seen: number) =>
          admin.send("POST", `${one(begun.id)}/accept`, { headers: { "if-match": `"${seen}"` } })
        const bare = yield* admin.send("POST", `${one(begun.id)}/accept`)
        assert.deepStrictEqual([bare.status, bare.body.error.code], [428, "precondition.required"])
        yield* put({ title: "Renamed", raids: plan.raids }, 1)
        const stale = yield* accept(1)
        assert.deepStrictEqual([stale.status, stale.body.error.details.revision], [412, 2])
        const before = (yield* admin.send("GET", `${one(begun.id)}/compare?with=plan`)).body.comparison
        assert.isBelow(before.to.value, before.from.value)
        assert.strictEqual(before.from.value, done.value)
        const accepted = yield* accept(2)
        assert.strictEqual(accepted.status, 200, JSON.stringify(accepted.body))
        assert.strictEqual(accepted.body.plan.revision, 3)
        assert.deepStrictEqual((yield* read).raids, done.raids)
        const after = (yield* admin.send("GET", `${one(begun.id)}/compare?with=plan`)).body.comparison
        assert.deepStrictEqual([after.to, after.effects], [after.from, []])

        const elsewhere = done.raids.findIndex(({ groups }: Any) =>
          groups.flat().every((seat: Any) => seat?.entry_id !== seated[0])
        )
        const asked = yield* admin.send("POST", `${one(begun.id)}/why-not`, {
          json: { entry_id: seated[0], raid: elsewhere }
        })
        assert.strictEqual(asked.status, 202, JSON.stringify(asked.body))
        const child = yield* ended(asked.body.composition.id)
        assert.strictEqual(child.parent_id, begun.id)
        assert.isAtMost(child.value, done.bound)
        const seats = child.raids[elsewhere].groups.flat()
        assert.isTrue(seats.some((seat: Any) => seat?.entry_id === seated[0]))
        const compared = (yield* admin.send("GET", `${one(begun.id)}/compare?with=${child.id}`)).body.comparison
        assert.strictEqual(compared.to.value, child.value)
        assert.strictEqual((yield* admin.send("GET", `${url}/coverage`)).status, 200)
      }),
    60_000
  )

  it.effect(
    "keep what is wished for: who is there, mains only, locks, groups; the rest waits on the bench",
    () =>
      Effect.gen(function* () {
        const { compose, ended, players, mains, alts } = yield* composingGuild(6)
        const wishes = {
          available: players.slice(0, 5).map(({ id }) => id),
          mains_only: true,
          locks: [{ entry_id: mains[1].entry_id, raid: 1, group: 1 }],
          seconds: 10
        }
        const done = yield* ended((yield* compose(wishes)).id)
        assert.includeMembers(
          mains.slice(0, 5).map(({ entry_id }) => entry_id),
          [...entriesIn(done)]
        )
        assert.isTrue(done.raids[1].groups[1].some((seat: Any) => seat?.entry_id === mains[1].entry_id))
        const benched = done.raids[0].bench.map((seat: Any) => seat.entry_id)
        assert.sameMembers(
          [...entriesIn(done), ...benched],
          mains.slice(0, 5).map(({ entry_id }) => entry_id)
        )
        const one = { available: [players[0].id], locks: [{ entry_id: alts[0].entry_id, raid: 0 }], seconds: 10 }
        assert.include(entriesIn(yield* ended((yield* compose(one)).id)), alts[0].entry_id)
      }),
    60_000
  )

  it.effect(
    "are stopped within a second, whatever the engine does then, with the best so far",
    () =>
      Effect.gen(function* () {
        const { compose, when, stop } = yield* composingGuild(45)
        for (const stage of ["annealing", "relaxing"]) {
          const { id } = yield* compose()
          yield* when(id, (one) => one.stage === stage || one.finished_at !== null)
          const before = Date.now()
          const { body } = yield* stop(id)
          // A second, and half of one more where the machine is busy.
          assert.isBelow(Date.now() - before, 1500)
          assert.deepInclude(body.composition, { state: "stopped", ended_by: "cancel" })
          assert.isAbove(entriesIn(body.composition).length, 25)
          assert.isNotNull(body.composition.parts)
        }
      }),
    60_000
  )

  it.effect("are refused at once when wishes clash, or name what is not there", () =>
    Effect.gen(function* () {
      const { admin, url, mains, alts, players } = yield* composingGuild(4)
      const ask = (json: object) => admin.send("POST", `${url}/compose`, { json })
      const locks = [mains[0], alts[0]].map(({ entry_id }) => ({ entry_id, raid: 0 }))
      const before = Date.now()
      const clash = yield* ask({ locks })
      assert.isBelow(Date.now() - before, 2000)
      assert.deepStrictEqual([clash.status, clash.body.error.code], [422, "composition.infeasible"])
      assert.sameDeepMembers(
        clash.body.error.details.wishes,
        locks.map((lock) => ({ kind: "lock", ...lock, group: null }))
      )
      assert.isString(clash.body.error.details.reason)
      const away = yield* ask({ locks, available: [players[1].id] })
      assert.deepStrictEqual(away.body.error.details.wishes, [{ kind: "lock", ...locks[0]!, group: null }])
      assert.strictEqual((yield* ask({ locks, mains_only: true })).status, 422)

      const nobody = "00000000-0000-4000-8000-000000000000"
      const wrong = yield* ask({
        available: [nobody],
        locks: [
          { entry_id: nobody, raid: 0 },
          { entry_id: mains[0].entry_id, raid: 5 },
          { entry_id: mains[0].entry_id, raid: 1, group: 2 }
        ],
        apart: [[players[0].id, players[0].id]],
        targets: { heal: { min: 3, max: 1 } },
        prefer: { effects: { nothing: 50 } }
      })
      assert.deepStrictEqual([wrong.status, wrong.body.error.code], [400, "composition.validation_failed"])
      assert.deepStrictEqual(
        wrong.body.error.details.fields.map(({ field }: Any) => field),
        [
          "available.0",
          "locks.0.entry_id",
          "locks.1.raid",
          "locks.2.group",
          "apart.0",
          "targets.heal",
          "prefer.effects.nothing"
        ]
      )
      for (const json of [{ lock: [] }, { prefer: { balanced: true } }, { targets: { healer: { min: 1, max: 2 } } }]) {
        const { status, body } = yield* ask(json)
        assert.deepStrictEqual([status, body.error.code], [400, "validation.invalid_request"])
        assert.match(body.error.details.fields[0].reason, /^has no field /)
      }
    })
  )

  it.effect("are there for keys by their scopes, and for nobody else's plan", () =>
    Effect.gen(function* () {
      const { admin, url, path, compose, ended, stop, one } = yield* composingGuild(2)
      const { id } = yield* compose({ seconds: 1 })
      yield* ended(id)
      const other = yield* composingGuild(2)
      for (const [method, at] of [
        ["GET", ""],
        ["DELETE", ""],
        ["POST", "/accept"],
        ["GET", "/compare?with=plan"],
        ["GET", "/events"]
      ] as const) {
        const headers = { "if-match": "*" }
        const foreign = yield* other.admin.send(method, `${one(id)}${at}`, { headers })
        assert.strictEqual(foreign.body.error.code, "plan.not_found")
        const misplaced = yield* other.admin.send(method, `${other.one(id)}${at}`, { headers })
        assert.strictEqual(misplaced.body.error.code, "composition.not_found")
      }
      const { call } = yield* keyed(admin, path, { scopes: ["plans:read"] })
      assert.strictEqual((yield* call("GET", one(id))).status, 200)
      assert.strictEqual((yield* call("POST", `${url}/compose`, { json: {} })).body.error.code, "key.scope_missing")
      const writer = yield* keyed(admin, path, { scopes: ["plans:write"] })
      const made = (yield* writer.call("POST", `${url}/compose`, { json: { seconds: 1 } })).body.composition
      assert.strictEqual(made.requested_by, writer.key.id)
      assert.strictEqual((yield* stop(made.id)).status, 200)
      const raider = yield* somebody()
      assert.strictEqual((yield* composerOf(url, raider.send).stop(id)).status, 404)
    })
  )

  it.effect("count in whose last three plans only a bench was theirs", () =>
    Effect.gen(function* () {
      const { admin, path, mains, compose, put, plan, ended } = yield* composingGuild(3)
      const seats = (bench: ReadonlyArray<Any>, group: ReadonlyArray<Any>) => ({
        raids: [
          {
            title: "Raid",
            size: 10,
            groups: [group.map(({ entry_id }) => ({ entry_id }))],
            bench: bench.map(({ entry_id }) => ({ entry_id }))
          }
        ]
      })
      yield* put({ ...seats([mains[0], mains[1]], [mains[2]]) })
      const next = (yield* admin.send("POST", `${path}/plans`, { json: { title: "Next", raids: plan.raids } })).body
        .plan
      yield* admin.send("PUT", `/api/v1/plans/${next.id}`, {
        json: seats([mains[0]], [mains[1]]),
        headers: { "if-match": "*" }
      })
      const last = (yield* admin.send("POST", `${path}/plans`, { json: { title: "Last", raids: plan.raids } })).body
        .plan
      const { id } = yield* compose({ seconds: 1 })
      yield* ended(id)
      const debts = (composition: string) =>
        Effect.map(
          query`select o ->> 'entry_id' as entry, (o ->> 'debt')::int as debt
          from plan_compositions f, jsonb_array_elements(f.problem -> 'offered') o
          where f.id = ${composition}::uuid and o ->> 'rank' = 'main'`,
          (rows) => mains.map(({ entry_id }) => rows.find(({ entry }) => entry === entry_id)!.debt)
        )
      assert.deepStrictEqual(yield* debts(id), [0, 0, 0])
      const later = composerOf(`/api/v1/plans/${last.id}`, admin.send)
      const composed = yield* later.compose({ seconds: 1 })
      yield* later.ended(composed.id)
      assert.deepStrictEqual(yield* debts(composed.id), [2, 1, 0])
    })
  )
})
