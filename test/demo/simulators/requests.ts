import { Effect } from "effect"
import type { SimCharacter } from "../../../src/demo/simulators/World.ts"

/** The application that every simulator in these tests knows. */
export const client = { clientId: "app", clientSecret: "app-secret" }

export const basic = (secret = client.clientSecret) => ({
  authorization: `Basic ${Buffer.from(`${client.clientId}:${secret}`).toString("base64")}`
})

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

const read = async (response: Response): Promise<Answer> => ({
  status: response.status,
  headers: response.headers,
  text: await response.text()
})

/** One request that follows no redirect; a broken connection is a failure. */
export const request = (url: string, init: RequestInit = {}) =>
  Effect.tryPromise(async (signal) => read(await fetch(url, { redirect: "manual", signal, ...init })))

// eslint-disable-next-line typescript/no-explicit-any -- answers are as loose as the tests that read them
export type Loose = any

/** A character to add to a world. */
export const someone: SimCharacter = {
  name: "Someone",
  region: "eu",
  realm: "spineshatter",
  class: "Mage",
  race: "Troll",
  spec: "Fire",
  role: "ranged",
  faction: "HORDE",
  wcl: "ranked",
  bnet: "ok"
}

export const bodyOf = ({ text }: Answer): unknown => JSON.parse(text)

export const form = (fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) => ({
  method: "POST",
  body: new URLSearchParams(fields),
  headers
})

/** An application token of Warcraft Logs or Battle.net. */
export const applicationToken = (tokenUrl: string) =>
  Effect.map(
    request(tokenUrl, form({ grant_type: "client_credentials" }, basic())),
    (answer) => (bodyOf(answer) as { readonly access_token: string }).access_token
  )

const merged = (values: ReadonlyArray<unknown>) => [...new Set(values.flatMap((value) => paths(value, "[]")))]

/** The paths of every leaf of a JSON value, such as `rankings[].encounter.id`, sorted. */
const paths = (value: unknown, at: string): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.length === 0 ? [at] : merged(value).map((path) => at + path)
  if (typeof value !== "object" || value === null) return [at]
  return Object.entries(value).flatMap(([key, inner]) => paths(inner, `${at === "" ? "" : `${at}.`}${key}`))
}

/** The keys of a value and of everything in it, without the values: equal for two answers of one shape. */
export const shape = (value: unknown): ReadonlyArray<string> => paths(value, "").toSorted()
