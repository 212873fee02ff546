import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
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
        const done = yield* eventually(officer.send("GET", `${path}/${id}`), ({ body }) => body.refresh.finished_at !== null)
        console.log(Date.now() - t, JSON.stringify({ ...done.body.refresh, parts: done.body.refresh.parts.slice(0, 3) }))
        console.log(yield* query`select count(*) from character_battlenet_snapshots`)
      }),
    60_000
  )
})
