import { assert } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { plannedGuild } from "../plans/planned.ts"
import type { Any } from "../roster/Any.ts"
import { ComposerRules } from "../../src/composer/Work.ts"
import { query } from "../support/query.ts"
import { eventually } from "../support/eventually.ts"

const rules = Context.get(Context.empty(), ComposerRules)

/** A replica whose threads do not compose: see `modes`. */
export const slowly = (changes: Partial<typeof rules> = {}) =>
  Layer.succeed(ComposerRules, {
    ...rules,
    entry: new URL("slowThread.ts", import.meta.url),
    heap: 160,
    over: 0.5,
    ...changes
  })

/** A composition of a plan with one raid that has seated nobody: its id. */
export const finishedComposition = Effect.fnUntraced(function* ({ id, guild_id, raids }: Any) {
  const { title, size, starts_at, zone } = raids[0]
  const facts = {
    ruleset: "tbc-anniversary@1",
    faction: "horde",
    overrides: {},
    balance: false,
    raids: [{ title, size, starts_at, zone, targets: {} }],
    offered: [],
    locks: [],
    together: [],
    apart: []
  }
  const [made] = yield* query`
    insert into plan_compositions (id, plan_id, guild_id, revision, wishes, problem, state, seats, finished_at)
    values (gen_random_uuid(), ${id}::uuid, ${guild_id}::uuid, 1, '{}', ${JSON.stringify(facts)}::text::jsonb, 'done',
      '[]', now()) returning id`
  return String(made!.id)
})

type Send = Effect.Success<ReturnType<typeof plannedGuild>>["admin"]["send"]

/** The routes of a plan's compositions, for one caller. */
export const composerOf = (url: string, send: Send) => {
  const one = (id: string) => `${url}/compositions/${id}`
  const get = (id: string) => Effect.map(send("GET", one(id)), ({ body }) => body.composition as Any)
  const compose = Effect.fnUntraced(function* (json: object = {}) {
    const { status, body } = yield* send("POST", `${url}/compose`, { json })
    assert.strictEqual(status, 202, JSON.stringify(body))
    return body.composition as Any
  })
  return {
    one,
    get,
    compose,
    list: Effect.map(send("GET", `${url}/compositions`), ({ body }) => body.compositions as ReadonlyArray<Any>),
    /** As soon as it is so. */
    when: (id: string, holds: (composition: Any) => boolean) => eventually(get(id), holds),
    ended: (id: string) => eventually(get(id), ({ finished_at }) => finished_at !== null),
    stop: (id: string) => send("DELETE", one(id))
  }
}

/** A guild with a plan, and its composer for the admin. */
export const composingGuild = Effect.fnUntraced(function* (players?: number) {
  const planned = yield* plannedGuild(players)
  return { ...planned, ...composerOf(planned.url, planned.admin.send) }
})

export const entriesIn = ({ raids }: Any): ReadonlyArray<string> =>
  raids.flatMap(({ groups }: Any) => groups.flat().flatMap((seat: Any) => (seat === null ? [] : [seat.entry_id])))
