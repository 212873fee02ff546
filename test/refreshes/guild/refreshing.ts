import { Effect, Layer } from "effect"
import { personas } from "../../../src/demo/simulators/Personas.ts"
import { JobTiming } from "../../../src/infra/Jobs.ts"
import { openBrowser } from "../../support/Browser.ts"
import { eventually } from "../../support/eventually.ts"
import { query } from "../../support/query.ts"
import { seededGuild } from "../../support/seeded.ts"
import { TestApp } from "../../support/TestApp.ts"

/** The routes of the seeded guild's refreshes. */
export const path = `/api/v1/guilds/${seededGuild}/refreshes`

/** Replicas that notice sooner what happens to others. */
export const soon = Layer.succeed(JobTiming, {
  expiry: "6 seconds",
  beat: "1 second",
  poll: "200 millis",
  debounce: "0 seconds",
  hurry: 500
})

/** An officer of the seeded guild at one of the replicas. */
export const officerAt = Effect.fnUntraced(function* (url?: string) {
  const officer = yield* openBrowser(url)
  yield* officer.signIn(personas.officer.id)
  const start = (json: object = { stale_after_seconds: 0 }) =>
    // The engine is ready a moment after the replica.
    Effect.map(
      eventually(officer.send("POST", path, { json }), ({ status }) => status !== 503),
      ({ status, body }) => {
        if (status !== 202) throw new Error(JSON.stringify(body))
        return body.refresh
      }
    )
  const get = (id: string) => Effect.map(officer.send("GET", `${path}/${id}`), ({ body }) => body.refresh)
  const ended = (id: string) => eventually(get(id), ({ finished_at }) => finished_at !== null)
  return { ...officer, start, get, ended }
})

/** So many entries of the seeded guild. */
export const someEntries = (count: number) =>
  Effect.map(
    query`select id from roster_entries where guild_id = ${seededGuild}::uuid order by id limit ${count}::int`,
    (rows) => rows.map(({ id }) => String(id))
  )

/** What the providers were asked, without what a token costs. */
export const asked = Effect.map(TestApp, ({ warcraftlogs, battlenet }) => ({
  warcraftlogs: warcraftlogs.calls.to("/api/v2/client").length,
  battlenet: battlenet.calls.to("/profile/").length
}))
