import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { cookieOf, listen } from "../streams/listen.ts"
import { somebody } from "../support/people.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"
import { plannedGuild, seat } from "./planned.ts"

const revisionsIn = (text: string) =>
  [...text.matchAll(/^data: (\{"revision".*)$/gm)].map(([, data]) => JSON.parse(data!))

layer(TestApp.layer(), live)("those who look at a plan", (it) => {
  it.effect("hear every revision and whose it is, from each replica, and go on where they were", () =>
    Effect.gen(function* () {
      const app = yield* TestApp
      const other = yield* startReplica(app.variables)
      const { mains, patch, url, admin, officer, join } = yield* plannedGuild(6)
      const raider = yield* somebody()
      yield* join(raider, "raider")
      const cookie = yield* cookieOf(raider)
      const here = yield* listen(`${app.url}${url}/events`, cookie)
      const there = yield* listen(`${other}${url}/events`, cookie)
      assert.strictEqual(here.response.status, 200)
      for (const one of [here, there]) yield* one.has('"revision":1')
      yield* patch([seat(mains[0], 0, 0, 0)])
      yield* patch([seat(mains[1], 0, 0, 1)], 2, officer)
      for (const one of [here, there]) {
        yield* one.has('"revision":3')
        assert.deepStrictEqual(revisionsIn(one.text()), [
          { revision: 1, by: admin.id },
          { revision: 2, by: admin.id },
          { revision: 3, by: officer.id }
        ])
      }
      const known = yield* listen(`${other}${url}/events`, cookie, { "last-event-id": "3" })
      const behind = yield* listen(`${other}${url}/events`, cookie, { "last-event-id": "2" })
      yield* behind.has('"revision":3')
      yield* patch([seat(mains[2], 0, 0, 2)])
      yield* known.has('"revision":4')
      assert.deepStrictEqual(revisionsIn(known.text()), [{ revision: 4, by: admin.id }])
    })
  )

  it.effect("hear of nothing when they are no members, and the end when the plan is deleted", () =>
    Effect.gen(function* () {
      const app = yield* TestApp
      const { url, admin, officer, guild } = yield* plannedGuild(1)
      const stranger = yield* somebody()
      const refused = yield* listen(`${app.url}${url}/events`, yield* cookieOf(stranger))
      assert.strictEqual(refused.response.status, 404)
      const left = yield* listen(`${app.url}${url}/events`, yield* cookieOf(officer))
      const stays = yield* listen(`${app.url}${url}/events`, yield* cookieOf(admin))
      for (const one of [left, stays]) yield* one.has('"revision":1')
      yield* query`update guild_memberships set deleted_at = now() where guild_id = ${guild.id}::uuid and user_id = ${officer.id}::uuid`
      yield* left.ended
      assert.strictEqual(stays.state(), "open")
      yield* admin.send("DELETE", url, { headers: { "if-match": '"1"' } })
      yield* stays.ended
      assert.deepStrictEqual(revisionsIn(stays.text()), [
        { revision: 1, by: admin.id },
        { revision: 2, by: admin.id }
      ])
      assert.match(stays.text(), /event: deleted\n[^]*$/)
      const late = yield* listen(`${app.url}${url}/events`, yield* cookieOf(admin))
      assert.strictEqual(late.response.status, 404)
    })
  )
})
