import { isDeepStrictEqual } from "node:util"
import { Effect } from "effect"
import { askOnce } from "./Client.ts"
import { type Kind, kinds } from "./Kinds.ts"
import { answers, prepareOne, type RouteName, routes } from "./Routes.ts"
import type { Servers } from "./Servers.ts"
import { countingProxy } from "./Statements.ts"
import { startSubject } from "./Subjects.ts"

/** Statements a request, by kind and route. */
export type Statements = Partial<Record<`${Kind} ${RouteName}`, number>>

/** What is another one each time something is made or changed. */
const volatile: Readonly<Partial<Record<RouteName, ReadonlyArray<string>>>> = {
  create: ["id", "created_at", "updated_at"],
  update: ["updated_at"]
}

const bodyOf = (route: RouteName, text: string) =>
  JSON.parse(text, (key, value: unknown) => (volatile[route]?.includes(key) ? "…" : value)) as object

const people = [0, 3, 20]

/** A kind's answers to a few people, and the statements of one more request, when all is prepared and known. */
const ask = Effect.fnUntraced(function* (kind: Kind, asked: ReadonlyArray<RouteName>, servers: Servers) {
  const proxy = yield* countingProxy(servers.postgresPort)
  const subject = yield* startSubject(kind, { ...servers.variables, DB_PORT: String(proxy.port) }, servers.folder)
  return yield* Effect.promise(async () => {
    const found = []
    for (const route of asked) {
      const bodies: Array<object> = []
      let statements = 0
      for (const n of [...people, people[0]!]) {
        const before = proxy.count()
        const answer = await askOnce(subject.port, prepareOne(kind, route, n, `compare-${kind}-${n}`))
        const text = answer.body.toString()
        if (answer.status !== routes[route].status) throw new Error(`${kind}, ${route}: ${answer.status} ${text}`)
        if (!answer.head.includes(`compare-${kind}-${n}`)) throw new Error(`${kind}, ${route}: whose answer is this?`)
        bodies.push(bodyOf(route, text))
        statements = proxy.count() - before
      }
      found.push({ route, bodies, statements })
    }
    return found
  })
})

/** Stops the run unless all answer alike; better-auth knows another person and need only know one. */
export const compare = Effect.fnUntraced(function* (
  measured: ReadonlyArray<Kind>,
  names: ReadonlyArray<RouteName>,
  servers: Servers
) {
  const statements: Statements = {}
  const first = new Map<RouteName, ReadonlyArray<object>>()
  for (const kind of measured) {
    const asked = names.filter((route) => answers(kind, route))
    if (asked.length === 0) continue
    for (const { route, bodies, statements: counted } of yield* Effect.scoped(ask(kind, asked, servers))) {
      statements[`${kind} ${route}`] = counted
      const same = first.get(route) ?? bodies
      if (kind === "betterAuth") {
        if (bodies.some((body) => !("user" in body))) throw new Error("better-auth does not know its session.")
      } else if (!isDeepStrictEqual(bodies, same)) {
        const both = `${JSON.stringify(same).slice(0, 2000)}\n${JSON.stringify(bodies).slice(0, 2000)}`
        throw new Error(`${kinds[kind].title} answers ${routes[route].title} otherwise:\n${both}`)
      } else first.set(route, same)
    }
  }
  return statements
})
