import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { Simulator } from "../../src/demo/simulators/Simulator.ts"
import { soon } from "../refreshes/guild/refreshing.ts"
import { openBrowser } from "../support/Browser.ts"
import { eventually } from "../support/eventually.ts"
import { foundGuild, somebody } from "../support/people.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"
import { busyPerson, type BusyPerson, remove, search } from "./person.ts"

const unbounded = { concurrency: "unbounded" } as const
const rounds = (count: number) => Array.from({ length: count }, (_, round) => round)

type Answer = Effect.Success<ReturnType<BusyPerson["send"]>>

/** The calls that a provider has not answered yet. */
const waiting = ({ calls }: Simulator) => calls.all.filter(({ status }) => status === undefined)

/** No answer of those is a fault of the service. */
const assertTold = (answers: ReadonlyArray<Answer>, allowed: ReadonlyArray<number>) => {
  for (const { status, body } of answers) assert.include(allowed, status, JSON.stringify(body))
}

layer(
  TestApp.layer(
    { TRUSTED_PROXIES: "127.0.0.1/32,::1/128", WCL_API_DELAY_MS: "0", RATE_LIMIT_REFRESHES: "100000" },
    soon
  ),
  live
)("deletion against what runs", (it) => {
  it.effect(
    "24 rounds against running refreshes of the guild, of a character and of the profile: nothing of the person is left",
    () =>
      Effect.gen(function* () {
        const { discord, warcraftlogs, battlenet } = yield* TestApp
        const providers = [discord, warcraftlogs, battlenet]
        let running = 0
        for (const round of rounds(24)) {
          const person = yield* busyPerson
          yield* query`with aged as (update discord_identities set last_profile_refresh_at = now() - interval '2 days'
              where user_id = ${person.id}::uuid returning id)
            update discord_oauth_tokens t set expires_at = now() from aged where t.discord_identity_id = aged.id`
          for (const one of providers) {
            one.calls.reset()
            one.fault({ kind: "slow", ms: 300, path: /^(?!.*revoke)/ })
          }
          const refreshes = `${person.path}/refreshes`
          const json = { stale_after_seconds: 0 }
          const begun = yield* eventually(person.send("POST", refreshes, { json }), ({ status }) => status !== 503)
          assert.strictEqual(begun.status, 202, JSON.stringify(begun.body))
          const refresh = Effect.map(
            person.admin.send("GET", `${refreshes}/${begun.body.refresh.id}`),
            ({ body }) => body.refresh
          )
          const single = (provider: string) =>
            person.send("POST", `/api/v1/characters/${person.character.id}/${provider}/refresh`)
          const deletion = Effect.gen(function* () {
            yield* Effect.sleep(12 * round)
            if ((yield* refresh).finished_at === null && waiting(discord).length > 0) running += 1
            return yield* remove(person)
          })
          const [deleted, ...answers] = yield* Effect.all(
            [deletion, single("warcraftlogs"), single("battlenet")],
            unbounded
          )
          assert.strictEqual(deleted.status, 200, JSON.stringify(deleted.body))
          assertTold(answers, [200, 401, 403, 404])
          yield* eventually(refresh, ({ finished_at }) => finished_at !== null)
          yield* eventually(
            Effect.sync(() => waiting(discord)),
            (calls) => calls.length === 0
          )
          for (const one of providers) one.clearFaults()
          // What the providers answered is written a moment later, if at all.
          assert.strictEqual((yield* person.admin.send("GET", `${person.path}/roster`)).status, 200)
          assert.deepStrictEqual(yield* search(person.texts), [])
        }
        assert.isAbove(running, 12)
      }),
    120_000
  )

  it.effect(
    "24 rounds against running writes of a plan by the person and by others: every write is there or refused",
    () =>
      Effect.gen(function* () {
        let refused = 0
        for (const round of rounds(24)) {
          const person = yield* busyPerson
          const url = `/api/v1/plans/${person.plan}`
          let written = 0
          let deletedAt = Infinity
          const writing = Effect.fnUntraced(function* (by: Pick<BusyPerson, "send">, name: string) {
            const answers: Array<Answer & { readonly sentAt: number }> = []
            for (const n of rounds(6)) {
              const sentAt = performance.now()
              const ops = [{ op: "set_raid", raid: 0, title: `${name} ${round} ${n}` }]
              const answer = yield* by.send("PATCH", url, { json: { ops }, headers: { "if-match": "*" } })
              if (answer.status === 200) written += 1
              answers.push({ ...answer, sentAt })
            }
            return answers
          })
          const deletion = Effect.gen(function* () {
            yield* Effect.sleep(3 * round)
            const answer = yield* remove(person)
            deletedAt = performance.now()
            return answer
          })
          const [deleted, theirs, also, others] = yield* Effect.all(
            [deletion, writing(person, "a"), writing(person, "b"), writing(person.admin, "c")],
            unbounded
          )
          assert.strictEqual(deleted.status, 200, JSON.stringify(deleted.body))
          assertTold([...theirs, ...also], [200, 401, 404])
          assertTold(others, [200])
          for (const { sentAt, status } of [...theirs, ...also]) if (sentAt > deletedAt) assert.strictEqual(status, 401)
          refused += [...theirs, ...also].filter(({ status }) => status !== 200).length
          assert.deepStrictEqual(yield* search(person.texts), [])
          const [plan] = yield* query`select p.revision::int as now,
              (select count(*)::int from plan_revisions r where r.plan_id = p.id) as kept
            from plans p where id = ${person.plan}::uuid`
          // Two revisions were there before: made, and seated.
          assert.deepStrictEqual(plan, { now: written + 2, kept: written + 2 })
        }
        assert.isAbove(refused, 24)
      }),
    120_000
  )

  it.effect(
    "of two deletions at once on two replicas one wins and the other finds nobody, 32 rounds",
    () =>
      Effect.gen(function* () {
        const { variables } = yield* TestApp
        const far = yield* startReplica(variables)
        for (const round of rounds(32)) {
          const person = yield* busyPerson
          const there = { ...person, send: (yield* openBrowser(far, person.jar)).send }
          const both = round % 2 === 0 ? [person, there] : [there, person]
          const answers = yield* Effect.forEach(both, remove, unbounded)
          assert.deepStrictEqual(
            answers.map(({ status, body }) => [status, body.error?.code]).toSorted(([a], [b]) => a - b),
            [
              [200, undefined],
              [401, "auth.unauthorized"]
            ]
          )
          assert.deepStrictEqual(yield* search(person.texts), [])
          const kept = yield* query`select count(*)::int as n from security_audit_events
            where event_type = 'account_deleted'`
          assert.isAbove(Number(kept[0]!.n), round)
        }
      }),
    120_000
  )

  it.effect("two admins who delete their accounts at once, 20 rounds: the guild keeps one", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 20; round += 1) {
        const { admin, guild, join } = yield* foundGuild()
        const other = yield* somebody()
        yield* join(other, "admin")
        const end = Effect.fnUntraced(function* (one: typeof other) {
          const { user } = yield* one.client.sessions.current()
          return one.send("DELETE", "/api/v1/account", { json: { confirm: user.discord.username } })
        })
        const answers = yield* Effect.all([yield* end(admin), yield* end(other)], { concurrency: "unbounded" })
        assert.deepStrictEqual(answers.map(({ status }) => status).toSorted(), [200, 409])
        const rows = yield* query`select role from live_members where guild_id = ${guild.id}::uuid`
        assert.deepStrictEqual(rows, [{ role: "admin" }])
      }
    })
  )
})
