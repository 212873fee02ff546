import { assert, layer } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { personas } from "../../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../../support/Browser.ts"
import { eventually } from "../../support/eventually.ts"
import { query } from "../../support/query.ts"
import { seededGuild } from "../../support/seeded.ts"
import { live, TestApp } from "../../support/TestApp.ts"

const path = `/api/v1/guilds/${seededGuild}/refreshes`

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("a refresh of a guild's roster", (it) => {
  it.effect(
    "reads every character from Battle.net, each once",
    () =>
      Effect.gen(function* () {
        const officer = yield* openBrowser()
        yield* officer.signIn(personas.officer.id)
        const ask = officer.send("POST", path, { json: { providers: ["battlenet"], stale_after_seconds: 0 } })
        const begun = yield* eventually(ask, ({ status }) => status !== 503)
        assert.strictEqual(begun.status, 202, JSON.stringify(begun.body))
        const { id } = begun.body.refresh
        console.log(JSON.stringify({ ...begun.body.refresh, parts: begun.body.refresh.parts.length }))
        const t = Date.now()
        const seen: any[] = []
        const { battlenet } = yield* TestApp
        yield* Effect.forkScoped(
          Effect.repeat(
            Effect.sync(() => {
              seen.push([Date.now() - t, battlenet.calls().length])
            }),
            Schedule.spaced("250 millis")
          )
        )
        const done = yield* eventually(
          officer.send("GET", `${path}/${id}`),
          ({ body }) => body.refresh.finished_at !== null
        )
        console.log(JSON.stringify(seen))
        console.log(
          Date.now() - t,
          JSON.stringify({ ...done.body.refresh, parts: done.body.refresh.parts.slice(0, 3) })
        )
        console.log(
          (yield* query`select (m.id >> 22)::bigint % 1000000 as t, ((r.id >> 22) % 1000000)::bigint as done, entity_type, tag, left(m.payload, 90) as payload from jobs_messages m left join jobs_replies r on r.request_id = m.id order by m.id`)
            .map((r: any) => `${r.t} +${Number(r.done) - Number(r.t)} ${r.entity_type} ${r.tag} ${r.payload}`)
            .join(String.fromCharCode(10))
        )
        console.log(yield* query`select count(*) from character_battlenet_snapshots`)
      }),
    15_000
  )
})
