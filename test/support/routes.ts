import { Api } from "../../src/Api.ts"
import { SignedIn } from "../../src/auth/SignedIn.ts"

const id = "00000000-0000-4000-8000-000000000000"

/** Every route of the API with a path that matches it; its parameters are ids that do not exist. */
export const routes = Object.values(Api.groups).flatMap((group) =>
  Object.values(group.endpoints).map((endpoint) => ({
    name: `${endpoint.method} ${endpoint.path}`,
    method: endpoint.method,
    path: endpoint.path.replace(/:\w+/g, id),
    takesBody: endpoint.payload.size > 0,
    signedIn: [...endpoint.middlewares].some(({ key }) => key === SignedIn.key)
  }))
)

export const unsafeRoutes = routes.filter(({ method }) => method !== "GET")
export const safeRoutes = routes.filter(({ method }) => method === "GET")
