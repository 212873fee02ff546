import { Api } from "../Api.ts"

interface Route {
  /** As declared, with parameters by name: what log lines and metrics count by. */
  readonly template: string
  readonly pattern: RegExp
  readonly methods: Set<string>
}

const routes = new Map<string, Route>()

const add = (template: string, method: string) => {
  const route = routes.get(template) ?? {
    template,
    pattern: new RegExp(`^${template.replace(/:\w+/g, "[^/]+")}$`),
    methods: new Set<string>()
  }
  routes.set(template, route)
  route.methods.add(method)
  if (method === "GET") route.methods.add("HEAD")
}

for (const group of Object.values(Api.groups)) {
  for (const endpoint of Object.values(group.endpoints)) add(endpoint.path, endpoint.method)
}

export const openApiPath = "/api/v1/openapi.json"
export const docsPath = "/api/v1/docs"
add(openApiPath, "GET")
add(docsPath, "GET")

/** The declared route of a path, whatever the method; undefined when there is none. */
export const routeOf = (path: string): Route | undefined => {
  for (const route of routes.values()) if (route.pattern.test(path)) return route
  return undefined
}
