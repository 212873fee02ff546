import { Effect } from "effect"
import type { foundGuild } from "../support/people.ts"
import { openBrowser } from "../support/Browser.ts"

type Person = Effect.Success<ReturnType<typeof foundGuild>>["admin"]

export const everyScope = ["plans:read", "plans:write", "refresh", "roster:read", "roster:write"]

/** A new key of a guild, whose path this is, and a program that calls by it. */
export const keyed = Effect.fnUntraced(function* (admin: Person, path: string, options: object = {}, at?: string) {
  const json = { name: "Bot", scopes: everyScope, ...options }
  const made = yield* admin.send("POST", `${path}/keys`, { json })
  const { key } = made.body
  const { send } = yield* openBrowser(at)
  const authorization = `Bearer ${key.token}`
  const call = (
    method: Parameters<typeof send>[0],
    path: string,
    { headers = {}, ...rest }: NonNullable<Parameters<typeof send>[2]> = {}
  ) => send(method, path, { ...rest, headers: { authorization, ...headers } })
  return { made, key, call, authorization, revoke: admin.send("DELETE", `${path}/keys/${key.id}`) }
})
