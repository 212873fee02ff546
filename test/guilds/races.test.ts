import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { eventually } from "../support/eventually.ts"
import { query } from "../support/query.ts"
import { openBrowser } from "../support/Browser.ts"
import { foundGuild, somebody } from "../support/people.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"

const count = (statuses: ReadonlyArray<{ readonly status: number }>, status: number) =>
  statuses.filter((each) => each.status === status).length

const unbounded = { concurrency: "unbounded" } as const

layer(TestApp.layer({ RATE_LIMIT_REFRESHES: "1000" }), live)("races on two replicas", (it) => {
  /** The same person on the other replica. */
  const twins = Effect.fnUntraced(function* (...people: ReadonlyArray<Effect.Success<ReturnType<typeof somebody>>>) {
    const { variables } = yield* TestApp
    const other = yield* startReplica(variables)
    return yield* Effect.forEach(people, (person) => openBrowser(other, person.jar))
  })

  it.effect(
    "Z04 two admins who demote each other or leave, 1,000 rounds: never a guild without an admin",
    () =>
      Effect.gen(function* () {
        const [one, two] = [yield* somebody(), yield* somebody()]
        const [, far] = yield* twins(one, two)
        const guilds = yield* query`
          with made as (insert into guilds (name, realm, region, faction, game_version)
            select 'G' || n, 'R', 'eu', 'horde', 'classic' from generate_series(1, 20) n returning id),
          joined as (insert into guild_memberships (guild_id, user_id, role)
            select id, u::uuid, 'admin' from made, unnest(string_to_array(${`${one.id},${two.id}`}, ',')) u)
          select id::text from made`
        const round = Effect.fnUntraced(function* (id: string, turn: number) {
          const at = (user: string) => `/api/v1/guilds/${id}/members/${user}`
          const demote = { json: { role: "raider" } }
          const moves =
            turn % 2 === 0
              ? [one.send("PATCH", at(two.id), demote), far!.send("PATCH", at(one.id), demote)]
              : [one.send("DELETE", at(one.id)), far!.send("DELETE", at(two.id))]
          const answers = yield* Effect.all(moves, unbounded)
          const [{ admins }] = (yield* query`
            select count(*)::int as admins from guild_memberships
            where guild_id = ${id}::uuid and role = 'admin' and deleted_at is null`) as [{ admins: number }]
          assert.strictEqual(admins, 1)
          assert.strictEqual(answers.filter(({ status }) => status < 300).length, 1)
          yield* query`update guild_memberships set role = 'admin', deleted_at = null where guild_id = ${id}::uuid`
        })
        const rounds = Array.from({ length: 50 }, (_, turn) => turn)
        yield* Effect.forEach(
          guilds,
          ({ id }) => Effect.forEach(rounds, (turn) => round(String(id), turn), { discard: true }),
          { concurrency: 8, discard: true }
        )
      }),
    90_000
  )

  it.effect("Z05 a demotion during the target's own changes: allowed changes come before it", () =>
    Effect.gen(function* () {
      const { admin, join, params, path } = yield* foundGuild()
      const other = yield* somebody()
      yield* join(other, "admin")
      const [far] = yield* twins(other)
      const rename = (index: number) => far!.send("PATCH", path, { json: { name: `Name ${index}` } })
      const demote = admin.send("PATCH", `${path}/members/${other.id}`, { json: { role: "raider" } })
      const [renames] = yield* Effect.all(
        [
          Effect.forEach(
            Array.from({ length: 40 }, (_, i) => i),
            rename,
            unbounded
          ),
          demote
        ],
        unbounded
      )
      const { events } = yield* admin.client.guilds.history({ params, query: { limit: 100 } })
      const types = events.map(({ type }) => type)
      const demoted = types.indexOf("role_changed")
      assert.notInclude(types.slice(0, demoted), "updated")
      assert.strictEqual(types.filter((type) => type === "updated").length, count(renames, 200))
      assert.strictEqual(count(renames, 200) + count(renames, 403), 40)
    })
  )

  it.effect("R01 one user accepts an invite 64 times at once: one 201, 63 × 409, one row", () =>
    Effect.gen(function* () {
      const { guild, invite } = yield* foundGuild()
      const code = yield* invite
      const person = yield* somebody()
      const [far] = yield* twins(person)
      const answers = yield* Effect.forEach(
        Array.from({ length: 64 }, (_, index) => (index % 2 === 0 ? person : far!)),
        ({ send }) => send("POST", `/api/v1/guild-invites/${code}/accept`),
        unbounded
      )
      assert.deepStrictEqual([count(answers, 201), count(answers, 409)], [1, 63])
      const rows = yield* query`
        select i.uses from guild_memberships m join guild_invites i using (guild_id)
        where m.guild_id = ${guild.id}::uuid and m.user_id = ${person.id}::uuid`
      assert.deepStrictEqual(rows, [{ uses: 1 }])
    })
  )

  it.effect("of 64 users with an invite for 10 exactly 10 join", () =>
    Effect.gen(function* () {
      const { admin, guild, params } = yield* foundGuild()
      const { invite } = yield* admin.client.guilds.rotateInvite({ params, payload: { max_uses: 10 } })
      const people = yield* Effect.forEach(Array.from({ length: 64 }), () => somebody(), { concurrency: 4 })
      const far = yield* twins(...people)
      const answers = yield* Effect.forEach(
        people.map((person, index) => (index % 2 === 0 ? person : far[index]!)),
        // On a busy machine the last in the queue may be told to come again before it is their turn.
        ({ send }) =>
          eventually(send("POST", `/api/v1/guild-invites/${invite.code}/accept`), ({ status }) => status !== 503),
        unbounded
      )
      assert.deepStrictEqual([count(answers, 201), count(answers, 404)], [10, 54])
      const rows = yield* query`
        select count(*)::int as n from guild_memberships where guild_id = ${guild.id}::uuid and role = 'applicant'`
      assert.deepStrictEqual(rows, [{ n: 10 }])
    })
  )

  it.effect("R02 nobody joins a deleted guild, or with a code whose end was confirmed", () =>
    Effect.gen(function* () {
      for (const ending of ["DELETE", "POST"] as const) {
        const { admin, guild, invite, path } = yield* foundGuild()
        const code = yield* invite
        const people = yield* Effect.forEach(Array.from({ length: 16 }), () => somebody(), { concurrency: 4 })
        const far = yield* twins(...people)
        let ended = Number.POSITIVE_INFINITY
        const end = Effect.map(admin.send(ending, ending === "POST" ? `${path}/invites` : path), () => {
          ended = performance.now()
        })
        const accept = Effect.fnUntraced(function* (browser: (typeof far)[number]) {
          const { status } = yield* browser.send("POST", `/api/v1/guild-invites/${code}/accept`)
          return { status }
        })
        const [answers] = yield* Effect.all([Effect.forEach(far, accept, unbounded), end], unbounded)
        assert.strictEqual(count(answers, 201) + count(answers, 404), 16)
        assert.isBelow(ended, Number.POSITIVE_INFINITY)
        const late = yield* accept(yield* somebody())
        assert.strictEqual(late.status, 404)
        const rows = yield* query`
          select count(*)::int as n from guild_memberships m join guilds g on g.id = m.guild_id
          where g.id = ${guild.id}::uuid and m.role = 'applicant' and (g.deleted_at is null or m.created_at <= g.deleted_at)`
        assert.deepStrictEqual(rows, [{ n: count(answers, 201) }])
      }
    })
  )

  it.effect("R03 64 parallel rotations leave one live code, which a GET then shows", () =>
    Effect.gen(function* () {
      const { admin, guild, params, path } = yield* foundGuild()
      const [far] = yield* twins(admin)
      const answers = yield* Effect.forEach(
        Array.from({ length: 64 }, (_, index) => (index % 2 === 0 ? admin : far!)),
        ({ send }) => send("POST", `${path}/invites`),
        unbounded
      )
      assert.strictEqual(count(answers, 200), 64)
      const rows = yield* query`
        select code from guild_invites where guild_id = ${guild.id}::uuid and revoked_at is null`
      assert.lengthOf(rows, 1)
      const shown = (yield* admin.client.guilds.get({ params })).guild.invite_url
      assert.strictEqual(shown, `http://app.test:4200/guild-invites/${String(rows[0]!.code)}`)
      assert.include(
        answers.map(({ body }) => body.invite.code),
        rows[0]!.code
      )
    })
  )

  it.effect(
    "R04 1,000 parallel changes of different fields lose nothing",
    () =>
      Effect.gen(function* () {
        const { admin, params, path } = yield* foundGuild()
        const [far] = yield* twins(admin)
        const change = (index: number) =>
          index % 2 === 0
            ? admin.send("PATCH", path, { json: { name: `Name ${index}` } })
            : far!.send("PATCH", path, { json: { realm: `Realm ${index}` } })
        // With many waiting for one guild a request may time out: then it is sent again.
        const insist = (index: number) =>
          Effect.repeat(change(index), { until: ({ status }) => status !== 503, times: 9 })
        const answers = yield* Effect.forEach(
          Array.from({ length: 1000 }, (_, i) => i),
          insist,
          { concurrency: 32 }
        )
        assert.deepStrictEqual(
          answers.filter(({ status }) => status !== 200).map(({ body }) => body.error),
          []
        )
        const last = (yield* admin.client.guilds.get({ params })).guild
        assert.match(last.name, /^Name \d+$/)
        assert.match(last.realm, /^Realm \d+$/)
        const { events } = yield* admin.client.guilds.history({ params, query: { limit: 100 } })
        const latest = (field: string) => events.find(({ details }) => field in details)!.details[field]
        assert.deepStrictEqual([last.name, last.realm], [latest("name"), latest("realm")] as [string, string])
      }),
    60_000
  )
})
