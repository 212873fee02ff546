import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { BattlenetSimulator } from "../../../src/demo/simulators/Battlenet.ts"
import { battlenetSimulator } from "../../../src/demo/simulators/Battlenet.ts"
import type { Loose } from "./requests.ts"
import { applicationToken, bodyOf, client, request } from "./requests.ts"

export const started = battlenetSimulator(client)

export const inEurope = (sim: BattlenetSimulator, path: string) => sim.apiBaseUrl.replace("{region}", "eu") + path

export const character = (name: string, part = "", realm = "spineshatter") =>
  `/profile/wow/character/${encodeURIComponent(realm)}/${encodeURIComponent(name)}${part}`

export const english = "namespace=profile-classicann-eu&locale=en_GB"

/** One request for a European path with a fresh token. */
export const get = Effect.fnUntraced(function* (sim: BattlenetSimulator, path: string, query = english) {
  const authorization = `Bearer ${yield* applicationToken(sim.tokenUrl)}`
  return yield* request(`${inEurope(sim, path)}?${query}`, { headers: { authorization } })
})

export const document = (sim: BattlenetSimulator, path: string, query?: string) =>
  Effect.map(get(sim, path, query), (answer) => {
    assert.strictEqual(answer.status, 200, answer.text)
    return bodyOf(answer) as Loose
  })

export const refusal = (code: number, detail: string) => ({ code, type: `BLZWEBAPI00000${code}`, detail })
