import { Context } from "effect"
import { Api } from "../Api.ts"
import { Allowance } from "../limits/Allowance.ts"

export interface Route {
  /** As declared, with parameters by name; used in log lines and metrics. */
  readonly template: string
  readonly pattern: RegExp
  /** The allowance of each method; HEAD is handled as GET. */
  readonly allowances: Map<string, Allowance>
}

const routes = new Map<string, Route>()

const add = (template: string, method: string, allowance: Allowance = "requests") => {
  const route = routes.get(template) ?? {
    template,
    pattern: new RegExp(`^${template.replace(/:\w+/g, "[^/]+")}$`),
    allowances: new Map<string, Allowance>()
  }
  routes.set(template, route)
  route.allowances.set(method, allowance)
  if (method === "GET") route.allowances.set("HEAD", allowance)
}

for (const group of Object.values(Api.groups)) {
  for (const { path, method, annotations } of Object.values(group.endpoints)) {
    add(path, method, Context.get(Context.merge(group.annotations, annotations), Allowance))
  }
}

export const openApiPath = "/api/v1/openapi.json"
export const docsPath = "/api/v1/docs"
export const docsScriptPath = "/api/v1/docs/reference.js"
add(openApiPath, "GET")
add(docsPath, "GET")
add(docsScriptPath, "GET")

/** The declared route of a path, for any method. */
export const routeOf = (path: string): Route | undefined => {
  const plain = routes.get(path)
  if (plain !== undefined && !path.includes(":")) return plain
  for (const route of routes.values()) if (route.pattern.test(path)) return route
  return undefined
}
