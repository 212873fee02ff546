import assert from "node:assert/strict"
import type { Page } from "playwright-core"
import { demoFolder, startDemo } from "../demo/demoProcess.ts"
import { complaintsOf, launch, signIn } from "./Chromium.ts"

/* Opens the documentation page in a browser, and sends a change from it. Not part of `npm test`: it needs Chromium. */

const browser = await launch()
const folder = await demoFolder()
const demo = await startDemo({ folder: folder.path })
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  page.setDefaultTimeout(10_000)
  await signIn(page, demo.frontend)
  const complaints = complaintsOf(page)
  const asked: Array<string> = []
  page.on("request", (request) => asked.push(request.url()))
  await page.goto(`${demo.api}/docs`)
  await page.waitForTimeout(5000)
  await page.screenshot({ path: "/tmp/docs.png" })
  process.stdout.write(JSON.stringify({ complaints, asked }, null, 1))
} finally {
  await demo.end("SIGINT")
  await browser.close()
  await folder.remove()
}
