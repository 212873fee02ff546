import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { personas } from "../../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../../support/Browser.ts"
import { eventually } from "../../support/eventually.ts"
import { seededGuild } from "../../support/seeded.ts"
import { live, TestApp } from "../../support/TestApp.ts"

const path = `/api/v1/guilds/${seededGuild}/refreshes`

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("a refresh of a guild's roster", (it) => {
  it.effect(
    "reads every character from both providers, each once",
    () =>
      Effect.gen(function* () {
        const officer = yield* openBrowser()
        yield* officer.signIn(personas.officer.id)
        const ask = officer.send("POST", path, { json: { stale_after_seconds: 0 } })
        const begun = yield* eventually(ask, ({ status }) => status !== 503)
        assert.strictEqual(begun.status, 202, JSON.stringify(begun.body))
        const { id } = begun.body.refresh
        const t = Date.now()
        const done = yield* eventually(officer.send("GET", `${path}/${id}`), ({ body }) => body.refresh.finished_at !== null)
        console.log(Date.now() - t, JSON.stringify({ ...done.body.refresh, parts: done.body.refresh.parts.filter((x: any) => x.error) }, null, 1))
        const { warcraftlogs, battlenet } = yield* TestApp
        console.log(warcraftlogs.calls.all.length, warcraftlogs.calls.matching("client").length, battlenet.calls.all.length)
      }),
    60_000
  )
})
