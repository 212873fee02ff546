import { Effect } from "effect"
import type { Layout } from "../../src/plans/Layout.ts"
import type { Any } from "../roster/Any.ts"
import type { somebody } from "../support/people.ts"

/** All revisions of a plan, oldest first, as the API pages them. */
export const revisionsOf = Effect.fnUntraced(function* (
  browser: Effect.Success<ReturnType<typeof somebody>>,
  url: string
) {
  const revisions: Array<Any> = []
  let cursor: string | null = ""
  while (cursor !== null) {
    const after: string = cursor === "" ? "" : `&cursor=${cursor}`
    const { body } = yield* browser.send("GET", `${url}/revisions?limit=100${after}`)
    revisions.push(...body.revisions)
    cursor = body.next_cursor
  }
  return revisions.toReversed()
})

/** What revisions know of a plan. */
export const layoutOf = ({ title, raids }: Any): Layout => {
  const seat = (one: Any) => one && { entry_id: one.entry_id, name: one.name, spec: one.spec }
  return {
    title,
    raids: raids.map(({ title, size, starts_at, zone, groups, bench }: Any) => ({
      title,
      size,
      starts_at,
      zone,
      groups: groups.map((seats: Any) => seats.map(seat)),
      bench: bench.map(seat)
    }))
  }
}
