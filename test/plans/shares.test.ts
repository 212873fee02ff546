import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { Any } from "../roster/Any.ts"
import { openBrowser } from "../support/Browser.ts"
import { from } from "../limits/limited.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"
import { plannedGuild, seat } from "./planned.ts"

const failure = ({ status, body }: { readonly status: number; readonly body: Any }) => [status, body.error?.code]

/** Every key of a value and of what it holds. */
const keysOf = (value: unknown): ReadonlyArray<string> =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([key, child]) => [...(Array.isArray(value) ? [] : [key]), ...keysOf(child)])

layer(TestApp.layer({ TRUSTED_PROXIES: "127.0.0.1/32" }), live)("links to a plan", (it) => {
  const shared = Effect.fnUntraced(function* (options?: unknown) {
    const planned = yield* plannedGuild(3)
    const { mains, patch, admin, url } = planned
    yield* patch([seat(mains[0], 0, 0, 1), { op: "bench", entry_id: mains[1].entry_id, raid: 1 }])
    const { status, body } = yield* admin.send("POST", `${url}/shares`, options === undefined ? {} : { json: options })
    assert.strictEqual(status, 201)
    const stranger = yield* openBrowser()
    const open = stranger.send("GET", `/api/v1/shared-plans/${body.share.token}`)
    return { ...planned, share: body.share as Any, stranger, open }
  })

  it.effect("show names, classes, specs and seats to anybody, and nothing else", () =>
    Effect.gen(function* () {
      const { open, share, mains } = yield* shared()
      assert.match(share.token, /^[\w-]{22}$/)
      assert.strictEqual(share.url, `http://app.test:4200/shared-plans/${share.token}`)
      const { status, headers, body, setCookie } = yield* open
      assert.deepStrictEqual(
        [status, headers["cache-control"], headers["x-robots-tag"], setCookie],
        [200, "public, max-age=10", "noindex", ""]
      )
      const seated = ({ name, spec, class: className }: Any) => ({ name, class: className, spec })
      const row = [null, seated(mains[0]), null, null, null]
      assert.deepStrictEqual(body.plan.raids[0].groups[0], row)
      assert.deepStrictEqual(body.plan.raids[1].bench, [seated(mains[1])])
      const shown = ["title", "raids", "size", "starts_at", "zone", "groups", "bench", "name", "class", "spec"]
      assert.sameMembers([...new Set(keysOf(body.plan))], shown)
      assert.hasAllKeys(body, ["plan", "coverage"])
      assert.strictEqual(body.coverage.ruleset, "tbc-anniversary@1")
      assert.deepStrictEqual(body.coverage.raids[0].roles, { tank: 0, heal: 0, melee: 1, ranged: 0 })
      assert.notMatch(JSON.stringify(body), /[0-9a-f]{8}-[0-9a-f]{4}|Player/)
    })
  )

  it.effect("are stored hashed, listed without their tokens, and gone at once when revoked", () =>
    Effect.gen(function* () {
      const { open, share, admin, url, path } = yield* shared()
      assert.strictEqual((yield* open).status, 200)
      const listed = (yield* admin.send("GET", `${url}/shares`)).body.shares
      assert.deepStrictEqual(Object.keys(listed[0]), ["id", "created_at", "expires_at", "last_used_at"])
      assert.deepStrictEqual([listed.length, listed[0].id, listed[0].expires_at], [1, share.id, null])
      assert.isNotNull(listed[0].last_used_at)
      const [{ hash }] = (yield* query`select token_hash as hash from plan_shares where id = ${share.id}::uuid`) as [
        Any
      ]
      assert.match(hash, /^[A-Za-z0-9+/]{43}=$/)
      assert.strictEqual((yield* admin.send("DELETE", `${url}/shares/${share.id}`)).status, 204)
      assert.deepStrictEqual(failure(yield* open), [404, "plan.share_not_found"])
      assert.strictEqual((yield* open).headers["cache-control"], "no-store")
      assert.deepStrictEqual(failure(yield* admin.send("DELETE", `${url}/shares/${share.id}`)), [
        404,
        "plan.share_not_found"
      ])
      assert.deepStrictEqual((yield* admin.send("GET", `${url}/shares`)).body.shares, [])
      const { events } = (yield* admin.send("GET", `${path}/audit`)).body
      assert.deepStrictEqual(
        events.slice(0, 2).map(({ type, details }: Any) => [type, details.share_id]),
        [
          ["plan_share_revoked", share.id],
          ["plan_shared", share.id]
        ]
      )
      assert.notInclude(JSON.stringify(events), share.token)
    })
  )

  it.effect("end when they should, with their plan, and with its guild", () =>
    Effect.gen(function* () {
      const ends = yield* shared({ expires_in_seconds: 3600 })
      assert.strictEqual((yield* ends.open).status, 200)
      yield* query`update plan_shares set expires_at = now() - interval '1 second' where id = ${ends.share.id}::uuid`
      assert.strictEqual((yield* ends.open).status, 404)
      const deleted = yield* shared()
      yield* deleted.admin.send("DELETE", deleted.url, { headers: { "if-match": "*" } })
      assert.strictEqual((yield* deleted.open).status, 404)
      const disbanded = yield* shared()
      yield* disbanded.admin.send("DELETE", disbanded.path)
      assert.strictEqual((yield* disbanded.open).status, 404)
    })
  )

  it.effect("are at most 20 a plan, however many are made at once", () =>
    Effect.gen(function* () {
      const { admin, url } = yield* shared()
      const answers = yield* Effect.all(
        Array.from({ length: 30 }, () => admin.send("POST", `${url}/shares`)),
        { concurrency: "unbounded" }
      )
      assert.lengthOf(
        answers.filter(({ status }) => status === 201),
        19
      )
      for (const answer of answers.filter(({ status }) => status !== 201)) {
        assert.deepStrictEqual(failure(answer), [409, "plan.too_many_shares"])
      }
    })
  )

  it.effect("are opened at most 300 times a minute from one address", () =>
    Effect.gen(function* () {
      const { share, stranger } = yield* shared()
      const ask = stranger.send("GET", `/api/v1/shared-plans/${share.token}`, from("198.51.100.7"))
      const answers = yield* Effect.all(
        Array.from({ length: 301 }, () => ask),
        { concurrency: 20 }
      )
      assert.lengthOf(
        answers.filter(({ status }) => status === 200),
        300
      )
      const refused = answers.find(({ status }) => status !== 200)!
      assert.deepStrictEqual(failure(refused), [429, "rate_limit.exceeded"])
      assert.strictEqual(refused.headers["ratelimit-policy"], '"shared-plans";q=300;w=60')
    })
  )
})
