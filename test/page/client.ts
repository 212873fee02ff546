import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { demoFolder, startDemo } from "../demo/demoProcess.ts"
import { complaintsOf, launch, pressing } from "./Chromium.ts"

/* Runs the client package's example for a browser. Not part of `npm test`: it needs Chromium. */

const pathOf = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const built = mkdtempSync(join(tmpdir(), "client-"))
execFileSync(pathOf("test/tools/node_modules/.bin/tsc"), ["-p", pathOf("clients/typescript"), "--outDir", built])

const example = readFileSync(pathOf("clients/typescript/examples/browser.html"))
const server = createServer(({ url = "" }, response) => {
  const script = /^\/client\/(\w+\.js)$/.exec(url)?.[1]
  if (script === undefined) return response.writeHead(200, { "content-type": "text/html" }).end(example)
  return response.writeHead(200, { "content-type": "text/javascript" }).end(readFileSync(join(built, script)))
})
await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
const frontend = `http://localhost:${(server.address() as AddressInfo).port}`

const browser = await launch()
const folder = await demoFolder()
// Its own page gives way to what already serves the address.
const demo = await startDemo({ folder: folder.path, frontend })
try {
  const page = await browser.newPage()
  page.setDefaultTimeout(10_000)
  const complaints = complaintsOf(page)
  await page.goto(`${frontend}/#api=${new URL(demo.api).origin}`)
  await page.getByRole("link", { name: "Sign in as Cyra" }).click()
  await page.getByText("Hello, Cyra.").waitFor()
  await pressing(page, "Make a guild")
  await page.getByText("Night Watch is made.").waitFor()
  assert.deepEqual(complaints, [])
  process.stdout.write("The client's example for a browser signs in and makes a guild.\n")
} finally {
  await demo.end("SIGINT")
  await browser.close()
  await folder.remove()
  server.close()
  rmSync(built, { recursive: true, force: true })
}
