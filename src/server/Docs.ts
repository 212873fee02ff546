import { Effect } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { openApiDocument } from "../Api.ts"
import { docsPath, docsScriptPath, openApiPath } from "./RouteTable.ts"

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Raid composition API</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <div id="reference"></div>
    <script src="docs/reference.js"></script>
  </body>
</html>
`

/**
 * Shows the document, and gives a change sent by "Test request" the CSRF token of whoever is signed in. The page asks
 * nobody but this service.
 */
const start = `
{
  const send = window.fetch.bind(window)
  const isSafe = (method) => ["GET", "HEAD", "OPTIONS"].includes(method)
  window.fetch = async (input, init) => {
    const request = new Request(input, init)
    const isOurs = new URL(request.url).origin === location.origin
    if (!isOurs || isSafe(request.method) || request.headers.get("x-csrf-token")) return send(request)
    const { headers } = await send("auth/csrf")
    const token = headers.get("x-csrf-token")
    if (token !== null) request.headers.set("x-csrf-token", token)
    return send(request)
  }
  // The browser sends the session's cookie by itself, and no script may.
  const shown = async () => {
    const document = await (await send("openapi.json")).json()
    delete document.components.securitySchemes.session
    for (const operation of Object.values(document.paths).flatMap((methods) => Object.values(methods)))
      for (const needed of operation.security) delete needed.session
    return document
  }
  const show = async () => Scalar.createApiReference("#reference", {
    content: await shown(),
    servers: [{ url: location.origin }],
    withDefaultFonts: false,
    telemetry: false,
    agent: { disabled: true },
    mcp: { disabled: true },
    showDeveloperTools: "never",
    hideClientButton: true,
    documentDownloadType: "json"
  })
  show()
}
`

const bytes = (text: string) => new TextEncoder().encode(text)

/** Scalar's script, 3 MB: read when the page is first opened, for most processes never have to. */
const script = Effect.promise(async () => {
  // The package exports it only through a page of its own, with everything inline.
  const { javascript } = (await import("../../node_modules/effect/dist/http-api/internal/httpApiScalar.js")) as {
    readonly javascript: string
  }
  return HttpServerResponse.uint8Array(bytes(javascript + start), {
    contentType: "text/javascript; charset=utf-8",
    headers: { "cache-control": "max-age=3600" }
  })
})

/** The OpenAPI document and the page that shows it. */
export const docsLayer = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const document = yield* Effect.cached(Effect.sync(() => bytes(JSON.stringify(openApiDocument()))))
    const asJson = (body: Uint8Array) => HttpServerResponse.uint8Array(body, { contentType: "application/json" })
    yield* router.add("GET", openApiPath, Effect.map(document, asJson))
    yield* router.add("GET", docsPath, Effect.succeed(HttpServerResponse.html(page)))
    yield* router.add("GET", docsScriptPath, script)
  })
)
