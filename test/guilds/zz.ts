import { Effect } from "effect"
import { openBrowser } from "../support/Browser.ts"
import { Cast, freshGuild } from "./cast.ts"
export const a: 1 = freshGuild
export const b: 1 = openBrowser()
export const c: 1 = Effect.gen(function* () {
  const { people } = yield* Cast
  return yield* people.admin.send("GET", "/x")
})
