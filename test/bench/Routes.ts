import { environment } from "../support/environment.ts"
import { adminOf, betterAuthCookie, characterOf, idOf, raiders, tokensOf } from "./Data.ts"
import type { Kind } from "./Kinds.ts"

interface Asked {
  readonly path: string
  /** Whose session it is asked in. */
  readonly user: number
}

interface Route {
  readonly title: string
  readonly method: "GET" | "POST" | "PATCH"
  readonly body?: object
  readonly ifMatch?: string
  readonly status: number
  /** The request of the nth client; they take turns. */
  readonly of: (n: number) => Asked
}

const raid = idOf("guild", 1)
const details = {
  name: "Night Watch",
  realm: "Spineshatter",
  region: "eu",
  faction: "horde",
  game_version: "classicann"
}
const get = (title: string, path: (user: number) => string): Route => ({
  title: `GET ${title}`,
  method: "GET",
  status: 200,
  of: (n) => ({ path: path(n + 1), user: n + 1 })
})

/** Of the raid's guild: two admins and four officers. */
const officers = [1, 2, 3, 4, 5, 6]

/** By the names of the command line. Readers are the forty raiders, all guilds that are changed have their own admin. */
export const routes = {
  session: get("/auth/session", () => "/auth/session"),
  guilds: get("/guilds", () => "/guilds"),
  members: get("/guilds/{id}/members, 40", () => `/guilds/${raid}/members`),
  characters: get("/guilds/{id}/characters, 120", () => `/guilds/${raid}/characters`),
  roster: get("/guilds/{id}/roster, 120", () => `/guilds/${raid}/roster`),
  character: get("/characters/{id}", (user) => `/characters/${characterOf((user % raiders) + 1, 1)}`),
  health: get("/health", () => "/health"),
  create: {
    title: "POST /guilds",
    method: "POST",
    body: details,
    status: 201,
    of: (n) => ({ path: "/guilds", user: 5001 + n })
  },
  update: {
    title: "PATCH /guilds/{id}",
    method: "PATCH",
    body: { name: "Night Watch", faction: "Alliance" },
    status: 200,
    of: (n) => ({ path: `/guilds/${idOf("guild", 51 + n)}`, user: adminOf(51 + n) })
  },
  plan: get("/plans/{id}, 25 seats", (user) => `/plans/${idOf("plan", user)}`),
  coverage: get("/plans/{id}/coverage, 25 seats", (user) => `/plans/${idOf("plan", user)}/coverage`),
  swap: {
    title: "PATCH /plans/{id}, two swapped",
    method: "PATCH",
    body: { ops: [{ op: "swap", a: idOf("entry", 1), b: idOf("entry", 25) }] },
    ifMatch: "*",
    status: 200,
    of: (n) => ({ path: `/plans/${idOf("plan", n + 1)}`, user: officers[n % officers.length]! })
  }
} satisfies Record<string, Route>

export type RouteName = keyof typeof routes

/** What nobody else has: plans take a table of effects, revisions and an assignment. */
const ours = new Set<RouteName>(["plan", "coverage", "swap"])

/** better-auth has a session and nothing else of ours. */
export const answers = (kind: Kind, route: RouteName) =>
  kind === "betterAuth" ? route === "session" : !ours.has(route) || kind === "bundle" || kind === "source"

/** What a browser sends with a request of the app's; the server's port is no part of it, as it does not matter. */
const headersOf = (kind: Kind, user: number, unsafe: boolean): Record<string, string> => {
  const { session, csrf } = tokensOf(user)
  return {
    host: "api.app.test",
    connection: "keep-alive",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    accept: "application/json",
    "accept-language": "en-GB,en;q=0.8,de;q=0.5",
    "accept-encoding": "gzip, deflate, br, zstd",
    origin: environment.FRONTEND_BASE_URL,
    referer: `${environment.FRONTEND_BASE_URL}/`,
    cookie: kind === "betterAuth" ? betterAuthCookie(user) : `session=${session}; csrf=${csrf}`,
    "sec-fetch-dest": "empty",
    "sec-fetch-mode": "cors",
    "sec-fetch-site": "same-site",
    ...(unsafe ? { "x-csrf-token": csrf, "content-type": "application/json" } : {})
  }
}

export interface Prepared {
  readonly status: number
  /** Whole requests as they go over the wire, to be sent in turn. */
  readonly bytes: ReadonlyArray<Buffer>
}

const write = (kind: Kind, route: Route, n: number, more: Readonly<Record<string, string>> = {}) => {
  const { path, user } = route.of(n)
  const body = route.body === undefined ? "" : JSON.stringify(route.body)
  const headers = {
    ...headersOf(kind, user, route.method !== "GET"),
    ...(body === "" ? {} : { "content-length": String(Buffer.byteLength(body)) }),
    ...(route.ifMatch === undefined ? {} : { "if-match": route.ifMatch }),
    ...more
  }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return Buffer.from([`${route.method} /api/v1${path} HTTP/1.1`, ...head, "", body].join("\r\n"))
}

export const prepare = (kind: Kind, name: RouteName): Prepared => ({
  status: routes[name].status,
  bytes: Array.from({ length: raiders }, (_, n) => write(kind, routes[name], n))
})

/** One request that says who it is. */
export const prepareOne = (kind: Kind, name: RouteName, n: number, requestId: string) =>
  write(kind, routes[name], n, { "x-request-id": requestId })
