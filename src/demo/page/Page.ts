import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { createServer, type RequestListener, type Server } from "node:http"

const file = (name: string) => readFileSync(new URL(`./${name}`, import.meta.url), "utf8")

const scripts = ["common.js", "page.js", "roster.js", "facts.js", "table.js", "choice.js", "tools.js"]
scripts.push("plans.js", "plan.js", "planTools.js", "seats.js", "board.js", "coverage.js", "stale.js", "shared.js")
scripts.push(
  "refresh.js",
  "account.js",
  "keys.js",
  "compose.js",
  "compositionChart.js",
  "compositionWords.js",
  "answer.js",
  "kept.js"
)
const styles = ["page.css", "board.css", "refresh.css", "compose.css"]

const answers = (home: string, api: string): RequestListener => {
  const filled = (name: string) => file(name).replace("__API__", api).replace("__HOME__", home)
  const files = new Map<string, { readonly type: string; readonly body: string }>([
    ...scripts.map((name) => [`/${name}`, { type: "text/javascript", body: filled(name) }] as const),
    ...styles.map((name) => [`/${name}`, { type: "text/css", body: file(name) }] as const)
  ])
  const index = { type: "text/html", body: file("index.html") }
  const policy =
    `default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src ${new URL(api).origin}; ` +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
  return ({ url = "/" }, response) => {
    const { type, body } = files.get(url) ?? index
    const headers = { "cache-control": "no-store", "content-security-policy": policy }
    response.writeHead(200, { ...headers, "content-type": `${type}; charset=utf-8` }).end(body)
  }
}

/** A browser may use either address for `localhost`; a machine may lack the second. */
const hostsOf = (hostname: string) =>
  hostname === "localhost" ? ["127.0.0.1", "::1"] : [hostname.replace(/^\[(.*)\]$/, "$1")]

const absent = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT"])

const listen = (server: Server, port: number, host: string) =>
  new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once("error", resolve).listen(port, host, () => resolve(undefined))
  })

const end = (servers: ReadonlyArray<Server>) => {
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
}

const open = async (frontend: string, api: string) => {
  const { protocol, hostname, port } = new URL(frontend)
  if (protocol !== "http:") return { page: "not served: the demo has no certificate for https", servers: [] }
  const number = Number(port || 80)
  const hosts = hostsOf(hostname)
  const listener = answers(new URL(frontend).origin, api)
  const servers = hosts.map(() => createServer(listener))
  for (const [index, host] of hosts.entries()) {
    const error = await listen(servers[index]!, number, host)
    if (error === undefined || (index > 0 && absent.has(error.code ?? ""))) continue
    end(servers)
    const why = error.code === "EADDRINUSE" ? `port ${number} is in use, perhaps by the real app` : error.message
    return { page: `not served: ${why}`, servers: [] }
  }
  return { page: frontend, servers }
}

/**
 * Serves a small page in place of the browser app at the frontend's address, and returns the text to print about it. If
 * the port is in use, most likely by the real app, the demo runs without the page.
 */
export const servePage = (frontend: string, api: string) =>
  Effect.acquireRelease(
    Effect.promise(() => open(frontend, api)),
    ({ servers }) => Effect.sync(() => end(servers))
  ).pipe(Effect.map(({ page }) => page))
