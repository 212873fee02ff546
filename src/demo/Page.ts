import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { createServer } from "node:http"

const file = (name: string) => readFileSync(new URL(`./page/${name}`, import.meta.url), "utf8")

/**
 * Serves the stand-in of the browser app at the frontend's address, and answers what to print about it: when something
 * else has that port, most likely the real app, the demo goes on without the page.
 */
export const servePage = (frontend: string, api: string) =>
  Effect.gen(function* () {
    const files = new Map([
      ["/page.js", { type: "text/javascript", body: file("page.js").replace("__API__", api) }],
      ["/page.css", { type: "text/css", body: file("page.css") }]
    ])
    const index = { type: "text/html", body: file("index.html") }
    const server = createServer((request, response) => {
      const { type, body } = files.get(request.url ?? "/") ?? index
      response.writeHead(200, { "content-type": `${type}; charset=utf-8`, "cache-control": "no-store" }).end(body)
    })
    const { port, hostname } = new URL(frontend)
    return yield* Effect.acquireRelease(
      Effect.callback<string>((resume) => {
        server.once("error", () =>
          resume(Effect.succeed(`not served: something else, perhaps the real app, has port ${port || 80}`))
        )
        server.listen(Number(port || 80), hostname, () => resume(Effect.succeed(frontend)))
      }),
      () =>
        Effect.sync(() => {
          server.close()
          server.closeAllConnections()
        })
    )
  })
