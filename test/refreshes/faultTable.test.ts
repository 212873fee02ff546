import { assert, layer } from "@effect/vitest"
import { Clock, Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { CharacterId } from "../../src/characters/Character.ts"
import type { Fault } from "../../src/demo/simulators/Fault.ts"
import { slugByRule } from "../../src/game/Realm.ts"
import { SnapshotsRepo } from "../../src/refreshes/SnapshotsRepo.ts"
import { chooseFights } from "../../src/refreshes/warcraftlogs/ChosenFights.ts"
import { bnetClient, wclClient } from "../infra/providers.ts"
import { signedIn } from "../limits/limited.ts"
import { openBrowser } from "../support/Browser.ts"
import { seededGuild } from "../support/seeded.ts"
import { live, simulatedProviders, startReplica, TestApp } from "../support/TestApp.ts"

/** What comes of it, with the seconds until it may be tried again. */
type Outcome = "ok" | readonly ["unavailable" | "limited" | "waits", number]

interface Row {
  readonly fault: Fault
  /** POST …/warcraftlogs/refresh and …/battlenet/refresh. */
  readonly single: readonly [warcraftlogs: Outcome, battlenet: Outcome]
  readonly bulk: readonly [sheets: Outcome, fight: Outcome, profile: Outcome]
}

const down = (seconds: number): Outcome => ["unavailable", seconds]
const same = (one: Outcome): Pick<Row, "single" | "bulk"> => ({ single: [one, one], bulk: [one, one, one] })
const spent = (seconds: number): Pick<Row, "single" | "bulk"> => ({
  single: [
    ["limited", seconds],
    ["limited", seconds]
  ],
  bulk: [
    ["waits", seconds],
    ["waits", seconds],
    ["limited", seconds]
  ]
})

const table: Readonly<Record<string, Row>> = {
  none: { fault: { kind: "slow", ms: 0 }, ...same("ok") },
  hang: { fault: { kind: "hang" }, ...same(down(15)) },
  drip: { fault: { kind: "drip", ms: 1000 }, ...same(down(15)) },
  // Many are worth waiting for; one person is not kept waiting.
  "8 s": { fault: { kind: "slow", ms: 8000 }, single: [down(15), down(15)], bulk: ["ok", "ok", down(15)] },
  "401": { fault: { kind: "status", status: 401 }, ...same(down(60)) },
  "403": { fault: { kind: "status", status: 403 }, single: [down(15), down(60)], bulk: [down(15), down(15), down(60)] },
  "429 for 33 s": { fault: { kind: "status", status: 429, retryAfter: 33 }, ...spent(33) },
  "429": { fault: { kind: "status", status: 429 }, ...spent(60) },
  "429 for 2 days": { fault: { kind: "status", status: 429, retryAfter: 172_800 }, ...spent(3600) },
  "500 as HTML": { fault: { kind: "status", status: 500, html: true }, ...same(down(15)) },
  "503 for 33 s": { fault: { kind: "status", status: 503, retryAfter: 33 }, ...same(down(33)) },
  garbage: { fault: { kind: "garbage" }, ...same(down(15)) },
  truncated: { fault: { kind: "truncated" }, ...same(down(15)) },
  huge: { fault: { kind: "huge" }, ...same(down(15)) },
  redirect: { fault: { kind: "redirect" }, ...same(down(15)) },
  reset: { fault: { kind: "reset" }, ...same(down(15)) }
}

const seconds = (error: { readonly _tag: string; readonly retryAfter?: number | undefined }) => error.retryAfter ?? -1

const outcomeOf = <A, E extends { readonly _tag: string }, R>(self: Effect.Effect<A, E, R>) =>
  self.pipe(
    Effect.as<Outcome>("ok"),
    Effect.catch(
      Effect.fnUntraced(function* (error): Effect.fn.Return<Outcome> {
        if (error._tag === "QuotaSpent" && "until" in error) {
          return ["waits", Math.round((Number(error.until) - (yield* Clock.currentTimeMillis)) / 1000)]
        }
        return [error._tag === "provider.rate_limited" ? "limited" : "unavailable", seconds(error)]
      })
    )
  )

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), { ...live, timeout: "2 minutes" })("every fault of a provider", (it) => {
  const state = Effect.gen(function* () {
    const { sql } = yield* TestApp
    return yield* sql<{ id: CharacterId; text: string }>`
      select c.id, c.name || coalesce(w::text, '-') || coalesce(b::text, '-') as text from characters c
      left join character_warcraftlogs_snapshots w on w.character_id = c.id
      left join character_battlenet_snapshots b on b.character_id = c.id order by c.id`
  })

  it.effect(
    "has the same outcome each time, and what is stored stays as it was",
    () =>
      Effect.gen(function* () {
        const app = yield* TestApp
        const { browser, headers } = yield* signedIn()
        const { characters } = yield* browser.client.guilds.characters({ params: { guild_id: seededGuild } })
        const repo = Context.get(
          yield* Layer.build(SnapshotsRepo.layer.pipe(Layer.provide(Layer.succeed(SqlClient.SqlClient, app.sql)))),
          SnapshotsRepo
        )
        const mine = yield* Effect.map(browser.send("GET", "/api/v1/auth/session", { headers }), ({ body }) =>
          characters.filter(({ user_id }) => user_id === body.user.id)
        )
        const who = mine[0]!

        const play = Effect.fnUntraced(function* ({ fault }: Row) {
          const { variables, warcraftlogs, battlenet } = yield* simulatedProviders
          const url = yield* startReplica({ ...app.variables, ...variables, WCL_SKIP_GEAR: "true" })
          const { send } = yield* openBrowser(url)
          const [wcl, bnet] = [yield* wclClient(variables), yield* bnetClient(variables)]
          const asked = [
            { ...who, character: who.id, realm: slugByRule(who.server), game_version: null, server: who.server }
          ]
          const sheets = yield* wcl.sheets(asked)
          const [fight] = chooseFights(sheets)
          // The token and the realms are there; the rest fails.
          yield* Effect.all([bnet.realm(who), bnet.character(who)])
          warcraftlogs.fault({ ...fault, path: "/client" })
          battlenet.fault({ ...fault, path: "/profile/" })

          const refresh = (provider: string) =>
            Effect.map(
              send("POST", `/api/v1/characters/${who.id}/${provider}/refresh`, { headers }),
              ({ status, body, headers }): Outcome => {
                if (status === 200) return "ok"
                const wait = Number(headers["retry-after"])
                assert.deepStrictEqual([status, typeof body.error.request_id], [503, "string"])
                return [body.error.code === "provider.rate_limited" ? "limited" : "unavailable", wait]
              }
            )
          const sheet = outcomeOf(
            Effect.andThen(wcl.sheets(asked), (found) =>
              repo.storeSheets(found.map(({ character, found }) => ({ character, found })))
            )
          )
          const gear = outcomeOf(
            Effect.andThen(wcl.fight(fight!), (read) =>
              repo.storeGear(fight!.characters.map(({ character }) => ({ character, gear: read.gear.get(character) })))
            )
          )
          const profile = outcomeOf(
            Effect.andThen(bnet.further(who, null), ({ found }) => repo.storeProfiles([{ character: who.id, found }]))
          )
          return {
            single: yield* Effect.all([refresh("warcraftlogs"), refresh("battlenet")], { concurrency: 2 }),
            bulk: yield* Effect.all([sheet, gear, profile], { concurrency: 3 })
          }
        }, Effect.scoped)

        const good = yield* play(table["none"]!)
        assert.deepStrictEqual(good, same("ok") as never)
        const before = yield* state
        const stored = before.find(({ id }) => id === who.id)!.text
        assert.notInclude(stored, "(-")
        const { "8 s": slow, none: _, ...failing } = table
        const outcomes = yield* Effect.forEach(
          Object.entries(failing),
          ([name, row]) => Effect.map(play(row), (found) => [name, found] as const),
          { concurrency: 6 }
        )
        assert.deepStrictEqual(
          Object.fromEntries(outcomes),
          Object.fromEntries(
            Object.entries(failing).map(([name, { single, bulk }]) => [name, { single, bulk }])
          ) as never
        )
        assert.deepStrictEqual(yield* state, before)
        const { single, bulk } = slow!
        assert.deepStrictEqual(yield* play(slow!), { single, bulk } as never)
        assert.notDeepEqual(yield* state, before)
      }),
    120_000
  )
})
