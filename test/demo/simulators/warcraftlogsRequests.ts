import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { WarcraftlogsSimulator } from "../../../src/demo/simulators/Warcraftlogs.ts"
import { warcraftlogsSimulator } from "../../../src/demo/simulators/Warcraftlogs.ts"
import type { Loose } from "./requests.ts"
import { applicationToken, bodyOf, client, request } from "./requests.ts"

export const started = warcraftlogsSimulator(client)

export const send = (sim: WarcraftlogsSimulator, token: string, body: unknown, type = "application/json") =>
  request(sim.endpoint, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": type },
    body: typeof body === "string" ? body : JSON.stringify(body)
  })

/** One query with a fresh token. */
export const ask = Effect.fnUntraced(function* (sim: WarcraftlogsSimulator, query: string, variables: object = {}) {
  const answer = yield* send(sim, yield* applicationToken(sim.tokenUrl), { query, variables })
  assert.strictEqual(answer.status, 200)
  return bodyOf(answer) as Loose
})

export const oneCharacter = (selection: string) =>
  `query One($name: String!, $slug: String = "spineshatter", $region: String = "eu") {
    characterData { character(name: $name, serverSlug: $slug, serverRegion: $region) { ${selection} } }
  }`

export const look = (sim: WarcraftlogsSimulator, name: string, selection: string, others: object = {}) =>
  Effect.map(ask(sim, oneCharacter(selection), { name, ...others }), ({ data }) => data.characterData.character)
