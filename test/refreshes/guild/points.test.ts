import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { CharacterId } from "../../../src/characters/Character.ts"
import { demoCharacters } from "../../../src/demo/simulators/World.ts"
import { slugByRule } from "../../../src/game/Realm.ts"
import { freePort, step } from "../../../src/demo/servers/Watchdog.ts"
import { eventually } from "../../support/eventually.ts"
import { live, startReplica, TestApp } from "../../support/TestApp.ts"
import { wclClient } from "../../infra/providers.ts"
import { soon } from "./refreshing.ts"

const example = demoCharacters.find(({ wcl, realm }) => wcl === "ranked" && realm === "spineshatter")!

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("the hour's points", (it) => {
  it.effect("are told by a replica that asked nothing, as another saw them", () =>
    Effect.gen(function* () {
      const { variables, warcraftlogs } = yield* TestApp
      const port = yield* step(freePort)
      yield* startReplica({ ...variables, METRICS_PORT: String(port) }, undefined, soon)
      const told = Effect.promise(async () => {
        const text = await fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text())
        return /^guild_refresh_points_left\{provider="warcraftlogs"\} (\S+)$/m.exec(text)?.[1]
      })
      assert.isUndefined(yield* told)
      warcraftlogs.spend(1000)
      const { name, region, class: typed, role } = example
      const asked = { name, region, role, class: typed, server: "spineshatter", realm: slugByRule("spineshatter") }
      const client = yield* wclClient(variables)
      yield* client.sheets([{ ...asked, character: name as CharacterId, game_version: null }])
      const left = yield* eventually(told, (left) => left !== undefined)
      assert.isAbove(Number(left), 2000)
      assert.isAtMost(Number(left), 2600)
    })
  )
})
