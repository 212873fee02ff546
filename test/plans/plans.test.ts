import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { somebody } from "../support/people.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"
import type { Any } from "../roster/Any.ts"
import { plannedGuild, seat } from "./planned.ts"

const failure = ({ status, body }: { readonly status: number; readonly body: Any }) => [status, body.error?.code]
const rule = ({ status, body }: { readonly status: number; readonly body: Any }) => [
  status,
  body.error?.code,
  body.error?.details.rule
]

layer(TestApp.layer(), live)("plans", (it) => {
  it.effect("a new plan has its raids, free seats and a first revision", () =>
    Effect.gen(function* () {
      const { plan, admin, guild, read } = yield* plannedGuild(1)
      assert.deepStrictEqual(
        { ...plan, created_by: plan.created_by.user_id, updated_by: plan.updated_by.user_id },
        {
          id: plan.id,
          guild_id: guild.id,
          title: "Wednesday",
          ruleset: "tbc-anniversary@1",
          revision: 1,
          raids: [
            {
              title: "Karazhan A",
              size: 25,
              starts_at: "2026-12-02T19:30:00.000Z",
              zone: "Karazhan",
              groups: Array.from({ length: 5 }, () => [null, null, null, null, null]),
              bench: []
            },
            {
              title: "Karazhan B",
              size: 10,
              starts_at: null,
              zone: null,
              groups: Array.from({ length: 2 }, () => [null, null, null, null, null]),
              bench: []
            }
          ],
          created_by: admin.id,
          updated_by: admin.id,
          created_at: plan.created_at,
          updated_at: plan.created_at
        }
      )
      assert.deepStrictEqual(yield* read, plan)
    })
  )

  it.effect("every operation does what it says, and a write answers what a read then finds", () =>
    Effect.gen(function* () {
      const { mains, alts, patch, read, officer } = yield* plannedGuild(6)
      const steps: ReadonlyArray<readonly [ops: ReadonlyArray<Any>, look: (plan: Any) => unknown, expected: unknown]> =
        [
          [[seat(mains[0], 0, 0, 0)], ({ raids }) => raids[0].groups[0][0].name, mains[0].name],
          [
            [seat(mains[0], 0, 4, 4)],
            ({ raids }) => [raids[0].groups[0][0], raids[0].groups[4][4].name],
            [null, mains[0].name]
          ],
          [
            [seat(mains[1], 0, 0, 0), { op: "swap", a: mains[0].entry_id, b: mains[1].entry_id }],
            ({ raids }) => [raids[0].groups[0][0].name, raids[0].groups[4][4].name],
            [mains[0].name, mains[1].name]
          ],
          [
            [{ op: "swap", a: mains[2].entry_id, b: mains[0].entry_id }],
            ({ raids }) =>
              raids[0].groups
                .flat()
                .filter(Boolean)
                .map((one: Any) => one.name),
            [mains[2].name, mains[1].name]
          ],
          [
            [
              { op: "bench", entry_id: mains[3].entry_id, raid: 1 },
              { op: "bench", entry_id: alts[2].entry_id, raid: 1 },
              { op: "bench", entry_id: mains[4].entry_id, raid: 1 }
            ],
            ({ raids }) => raids[1].bench.map((one: Any) => one.name),
            [mains[3].name, alts[2].name, mains[4].name]
          ],
          [[{ op: "remove", entry_id: mains[3].entry_id }], ({ raids }) => raids[1].bench.length, 2],
          [
            [{ op: "set_spec", entry_id: mains[1].entry_id, spec: "protection" }],
            ({ raids }) => [raids[0].groups[4][4].spec, raids[0].groups[4][4].role],
            ["Protection", "tank"]
          ],
          [
            [{ op: "set_raid", raid: 1, title: "  Gruul ", size: 25, starts_at: "2026-12-03T19:00:00Z", zone: null }],
            ({ raids }) => [raids[1].title, raids[1].size, raids[1].starts_at, raids[1].groups.length],
            ["Gruul", 25, "2026-12-03T19:00:00.000Z", 5]
          ]
        ]
      let revision = 1
      for (const [ops, look, expected] of steps) {
        const { status, body, headers } = yield* patch(ops, revision, officer)
        assert.strictEqual(status, 200, JSON.stringify(body))
        revision += 1
        assert.deepStrictEqual(look(body.plan), expected)
        assert.deepStrictEqual([body.plan.revision, headers["etag"]], [revision, `"${revision}"`])
        assert.deepStrictEqual(yield* read, body.plan)
        assert.strictEqual(body.plan.updated_by.user_id, officer.id)
      }
      const { body } = yield* patch([{ op: "swap", a: mains[1].entry_id, b: mains[1].entry_id }], revision)
      assert.strictEqual(body.plan.revision, revision, "what changes nothing is no revision")
    })
  )

  it.effect("a plan is there for members, and a known tag gets 304 until the plan or the roster changes", () =>
    Effect.gen(function* () {
      const { url, admin, patch, mains, players, path, join } = yield* plannedGuild(2)
      const raider = yield* somebody()
      assert.deepStrictEqual(failure(yield* raider.send("GET", url)), [404, "plan.not_found"])
      yield* join(raider, "raider")
      yield* patch([seat(mains[0], 0, 0, 0)])
      const tagOf = Effect.map(raider.send("GET", url), ({ headers }) => headers["etag"]!)
      const known = (tag: string) =>
        Effect.map(raider.send("GET", url, { headers: { "if-none-match": tag } }), ({ status }) => status)
      const first = yield* tagOf
      assert.match(first, /^"2\.\d+"$/)
      assert.strictEqual(yield* known(first), 304)
      yield* admin.send("PATCH", `${path}/players/${players[0].id}`, { json: { name: "Renamed" } })
      assert.strictEqual(yield* known(first), 200)
      const second = yield* tagOf
      const { status } = yield* admin.send("PATCH", url, {
        json: { ops: [seat(mains[0], 0, 0, 1)] },
        headers: { "if-match": second }
      })
      assert.strictEqual(status, 200, "a tag of a read is welcome as If-Match")
      assert.strictEqual(yield* known(second), 200)
    })
  )

  it.effect("whoever writes says what they have seen: 428, 412 with who was faster", () =>
    Effect.gen(function* () {
      const { url, admin, officer, patch, mains } = yield* plannedGuild(3)
      const json = { ops: [seat(mains[0], 0, 0, 0)] }
      assert.deepStrictEqual(failure(yield* admin.send("PATCH", url, { json })), [428, "precondition.required"])
      assert.deepStrictEqual(failure(yield* admin.send("DELETE", url)), [428, "precondition.required"])
      yield* patch([seat(mains[0], 0, 0, 0)], 1, officer)
      for (const ask of [
        patch([seat(mains[1], 0, 0, 1)], 1),
        patch([seat(mains[1], 0, 0, 1)], 3),
        admin.send("DELETE", url, { headers: { "if-match": '"1"' } }),
        admin.send("PUT", url, {
          json: { raids: [{ title: "A", size: 10, groups: [], bench: [] }] },
          headers: { "if-match": '"1"' }
        }),
        admin.send("POST", `${url}/revisions/1/restore`, { headers: { "if-match": '"1"' } })
      ]) {
        const answer = yield* ask
        assert.deepStrictEqual(failure(answer), [412, "precondition.failed"])
        const { revision, updated_by } = answer.body.error.details
        assert.deepStrictEqual([revision, updated_by.user_id], [2, officer.id])
        assert.match(updated_by.discord.username, /^user-/)
      }
    })
  )

  it.effect("what a seating may not be is refused with the rule and the entry, and nothing is written", () =>
    Effect.gen(function* () {
      const { mains, alts, patch, put, read, path, admin, players } = yield* plannedGuild(4)
      const other = yield* plannedGuild(1)
      yield* patch([seat(mains[0], 0, 0, 0)])
      yield* admin.send("PATCH", `${path}/players/${players[3].id}`, { json: { status: "inactive" } })
      const before = yield* read
      const [main, alt] = [mains[0].entry_id, alts[0].entry_id]
      const free = seat(mains[1], 0, 1, 0)
      const raid = (groups: unknown, bench: unknown = []) => ({ title: "A", size: 10, groups, bench })
      const one = (entry: Any) => ({ entry_id: entry.entry_id })
      const refusals = {
        alt: rule(yield* patch([free, seat(alts[0], 0, 0, 1)])),
        altOnBench: rule(yield* patch([free, { op: "bench", entry_id: alt, raid: 0 }])),
        taken: rule(yield* patch([free, seat(mains[2], 0, 0, 0)])),
        group: rule(yield* patch([free, seat(mains[2], 1, 2, 0)])),
        raid: rule(yield* patch([free, seat(mains[2], 2, 0, 0)])),
        smaller: rule(yield* patch([seat(mains[0], 0, 4, 0), { op: "set_raid", raid: 0, size: 10 }])),
        stranger: rule(yield* patch([free, seat(other.mains[0], 0, 0, 1)])),
        inactive: rule(yield* patch([free, seat(mains[3], 0, 0, 1)])),
        absent: rule(yield* patch([free, { op: "remove", entry_id: mains[2].entry_id }])),
        swap: rule(yield* patch([free, { op: "swap", a: mains[2].entry_id, b: alts[2].entry_id }])),
        spec: rule(yield* patch([free, { op: "set_spec", entry_id: main, spec: "Holy" }])),
        twice: rule(yield* put({ raids: [raid([[one(mains[0])]]), raid([[one(mains[0])]])] })),
        twoAlts: rule(yield* put({ raids: [raid([[one(mains[0]), one(alts[0])]])] })),
        outside: rule(yield* put({ raids: [raid([[], [], [one(mains[0])]])] })),
        foreign: rule(yield* put({ raids: [raid([], [one(other.mains[0])])] }))
      }
      const conflict = (name: string) => [409, "plan.conflict", name]
      assert.deepStrictEqual(refusals, {
        alt: conflict("player_twice"),
        altOnBench: conflict("player_twice"),
        taken: conflict("seat_taken"),
        group: conflict("no_such_seat"),
        raid: conflict("no_such_seat"),
        smaller: conflict("no_such_seat"),
        stranger: conflict("not_on_roster"),
        inactive: conflict("player_inactive"),
        absent: conflict("not_in_plan"),
        swap: conflict("not_in_plan"),
        spec: conflict("spec_of_another_class"),
        twice: conflict("character_twice"),
        twoAlts: conflict("player_twice"),
        outside: conflict("no_such_seat"),
        foreign: conflict("not_on_roster")
      })
      assert.strictEqual((yield* patch([seat(alts[0], 0, 0, 1)])).body.error.details.entry_id, alt)
      assert.deepStrictEqual(yield* read, before)
      assert.strictEqual((yield* patch([seat(alts[0], 1, 0, 0)])).status, 200, "an alt in the other raid is fine")
    })
  )

  it.effect("whoever leaves the roster keeps the seat, marked; another plan does not take them", () =>
    Effect.gen(function* () {
      const { mains, patch, put, read, path, admin, players, url } = yield* plannedGuild(4)
      yield* patch(mains.map((one, at) => seat(one, 0, 0, at)))
      const entryPath = (at: number) => `${path}/players/${players[at].id}/characters/${mains[at].entry_id}`
      yield* admin.send("DELETE", entryPath(0))
      yield* admin.send("DELETE", `${path}/players/${players[1].id}`)
      yield* admin.send("PATCH", `${path}/players/${players[2].id}`, { json: { status: "inactive" } })
      const plan = yield* read
      assert.strictEqual(plan.revision, 2)
      const [row] = plan.raids[0].groups
      assert.deepStrictEqual(
        row.slice(0, 4).map(({ name, gone, player }: Any) => [name, gone, player.name]),
        mains.map(({ name }, at) => [name, at < 3, `Player ${at}`])
      )
      assert.strictEqual((yield* patch([seat(mains[0], 0, 1, 0)])).status, 200, "they can still be moved")
      const { name, region, server, race, spec } = mains[0]
      const json = { name, region, server, class: mains[0].class, race, spec }
      const again = (yield* admin.send("POST", `${path}/players/${players[0].id}/characters`, { json })).body.character
      assert.deepStrictEqual(rule(yield* patch([seat(again, 0, 2, 0)])), [409, "plan.conflict", "character_twice"])
      const copy = (yield* admin.send("POST", `${url}/duplicate`, { json: { title: "Next" } })).body.plan
      assert.deepStrictEqual(
        copy.raids[0].groups.flat().flatMap((one: Any) => (one === null ? [] : [one.name])),
        [mains[3].name]
      )
      assert.deepStrictEqual(
        [copy.title, copy.revision, copy.raids[0].starts_at],
        ["Next", 1, "2026-12-09T19:30:00.000Z"]
      )
      const whole = { raids: [{ title: "A", size: 10, groups: [[{ entry_id: mains[1].entry_id }]], bench: [] }] }
      assert.strictEqual((yield* put(whole)).body.plan.raids[0].groups[0][0].gone, true)
      assert.deepStrictEqual(
        rule(yield* put({ raids: [{ title: "A", size: 10, groups: [[{ entry_id: mains[0].entry_id }]], bench: [] }] })),
        [409, "plan.conflict", "not_on_roster"]
      )
    })
  )

  it.effect("a roster that gives one player two seats of a raid is no obstacle to later writes", () =>
    Effect.gen(function* () {
      const { mains, patch, path, admin, players, read } = yield* plannedGuild(3)
      yield* patch([seat(mains[0], 0, 0, 0), seat(mains[1], 0, 0, 1)])
      const move = { player_id: players[0].id, rank: "alt" }
      const url = `${path}/players/${players[1].id}/characters/${mains[1].entry_id}`
      assert.strictEqual((yield* admin.send("PATCH", url, { json: move })).status, 200)
      assert.strictEqual((yield* patch([seat(mains[2], 0, 1, 0)])).status, 200)
      assert.strictEqual((yield* patch([seat(mains[1], 0, 1, 1)])).status, 200)
      const names = (yield* read).raids[0].groups.flat().flatMap((one: Any) => (one === null ? [] : [one.player.name]))
      assert.deepStrictEqual(names, ["Player 0", "Player 2", "Player 0"])
    })
  )

  it.effect("the list is in pages, newest first; a deleted plan is on none, and is gone", () =>
    Effect.gen(function* () {
      const { admin, path, plan, url } = yield* plannedGuild(1)
      const raids = [{ title: "A", size: 10 }]
      for (const title of ["Two", "Three", "Four"])
        yield* admin.send("POST", `${path}/plans`, { json: { title, raids } })
      const page = (cursor: string) =>
        Effect.map(admin.send("GET", `${path}/plans?limit=3${cursor}`), ({ body }) => ({
          titles: body.plans.map(({ title }: Any) => title),
          cursor: body.next_cursor
        }))
      const first = yield* page("")
      assert.deepStrictEqual(first.titles, ["Four", "Three", "Two"])
      assert.deepStrictEqual(yield* page(`&cursor=${first.cursor}`), { titles: ["Wednesday"], cursor: null })
      assert.strictEqual((yield* admin.send("DELETE", url, { headers: { "if-match": '"1"' } })).status, 204)
      assert.deepStrictEqual(yield* page(`&cursor=${first.cursor}`), { titles: [], cursor: null })
      for (const at of [
        url,
        `${url}/revisions`,
        `${url}/revisions/1`,
        `${url}/diff?from=1&to=1`,
        `${url}/export`,
        `${url}/shares`
      ]) {
        assert.deepStrictEqual(failure(yield* admin.send("GET", at)), [404, "plan.not_found"], at)
      }
      const { events } = (yield* admin.send("GET", `${path}/audit`)).body
      assert.deepStrictEqual(
        events.slice(0, 5).map(({ type, details }: Any) => [type, details.title]),
        [
          ["plan_deleted", "Wednesday"],
          ["plan_created", "Four"],
          ["plan_created", "Three"],
          ["plan_created", "Two"],
          ["plan_created", "Wednesday"]
        ]
      )
      assert.strictEqual(events[0].details.plan_id, plan.id)
    })
  )

  it.effect("texts and times that cannot be are named", () =>
    Effect.gen(function* () {
      const { admin, path, put, patch } = yield* plannedGuild(1)
      const raid = { title: "\u202e", size: 10, starts_at: "tomorrow", zone: "x".repeat(101), groups: [], bench: [] }
      const fields = ({ status, body }: { readonly status: number; readonly body: Any }) => [
        status,
        body.error?.code,
        body.error?.details.fields.map(({ field }: Any) => field)
      ]
      const names = ["title", "raids.0.title", "raids.0.starts_at", "raids.0.zone"]
      assert.deepStrictEqual(
        fields(yield* admin.send("POST", `${path}/plans`, { json: { title: " ", raids: [raid] } })),
        [400, "plan.validation_failed", names]
      )
      assert.deepStrictEqual(fields(yield* put({ title: " ", raids: [raid] })), [400, "plan.validation_failed", names])
      assert.deepStrictEqual(fields(yield* patch([{ op: "set_raid", raid: 0, starts_at: "2026-02-30T25:00:00Z" }])), [
        400,
        "plan.validation_failed",
        ["ops.0.starts_at"]
      ])
    })
  )

  it.effect("a guild has at most 500 live plans, however many are made at once", () =>
    Effect.gen(function* () {
      const { admin, path, guild, plan } = yield* plannedGuild(1)
      yield* query`insert into plans (guild_id, title, ruleset)
        select ${guild.id}::uuid, 'Filler', 'tbc-anniversary@1' from generate_series(1, 496)`
      const json = { title: "One more", raids: [{ title: "A", size: 10 }] }
      const answers = yield* Effect.all(
        Array.from({ length: 12 }, () => admin.send("POST", `${path}/plans`, { json })),
        { concurrency: "unbounded" }
      )
      assert.lengthOf(
        answers.filter(({ status }) => status === 201),
        3
      )
      for (const answer of answers.filter(({ status }) => status !== 201)) {
        assert.deepStrictEqual(failure(answer), [409, "plan.too_many"])
      }
      yield* admin.send("DELETE", `/api/v1/plans/${plan.id}`, { headers: { "if-match": "*" } })
      assert.strictEqual((yield* admin.send("POST", `${path}/plans`, { json })).status, 201)
    })
  )
})
