import assert from "node:assert/strict"
import type { Page } from "../tools/playwright.ts"
import { demoFolder, startDemo } from "../demo/demoProcess.ts"
import { complaintsOf, launch, pressing, signIn } from "./Chromium.ts"

/* Opens the documentation page in a browser, and sends a change from it. Not part of `npm test`: it needs Chromium. */

interface OpenApi {
  readonly tags: ReadonlyArray<{ readonly name: string }>
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly summary: string }>>>>
}

/** Every operation stands in the side bar by its summary. */
const readSideBar = async (page: Page, { tags, paths }: OpenApi) => {
  const bar = page.getByRole("navigation", { name: "Sidebar for Raid composition" })
  for (const { name } of tags) {
    const group = bar.getByRole("button", { name: new RegExp(`\\b${name}$`) }).first()
    if (/Open Group/.test(await group.innerText())) await group.click()
  }
  const summaries = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ summary }) => summary))
  for (const summary of summaries) await bar.getByRole("button", { name: summary }).first().waitFor()
  return summaries.length
}

/** The status that "Test Request" of an operation meets. */
const sending = async (page: Page, api: string, method: string, path: string) => {
  await page.goto("about:blank")
  await page.goto(`${api}/docs#tag/guilds/${method}${path}`)
  await pressing(page, `Test Request (${method.toLowerCase()} ${path})`)
  const sent = page.waitForResponse(
    (response) => response.url().endsWith(path) && response.request().method() === method
  )
  await page
    .getByRole("button", { name: /^Send / })
    .first()
    .click()
  const answer = await sent
  await answer.finished()
  return answer.status()
}

const browser = await launch()
const folder = await demoFolder()
const demo = await startDemo({ folder: folder.path })
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  context.setDefaultTimeout(10_000)
  await signIn(await context.newPage(), demo.frontend)
  const page = await context.newPage()
  const complaints = complaintsOf(page)
  const strangers: Array<string> = []
  page.on("request", (request) => {
    if (!request.url().startsWith(`${demo.api}/`) && !request.url().startsWith("data:")) strangers.push(request.url())
  })
  await page.goto(`${demo.api}/docs`)
  await page.getByRole("heading", { name: "Raid composition" }).waitFor()
  const document = (await (await page.request.get(`${demo.api}/openapi.json`)).json()) as OpenApi
  const operations = await readSideBar(page, document)
  assert.equal(await sending(page, demo.api, "POST", "/api/v1/guilds"), 201)
  assert.equal(await sending(page, demo.api, "GET", "/api/v1/guilds"), 200)
  const { guilds } = (await (await page.request.get(`${demo.api}/guilds`)).json()) as {
    guilds: Array<{ name: string }>
  }
  assert.ok(guilds.some(({ name }) => name === "Night Watch"))
  assert.deepEqual([complaints, strangers], [[], []])
  process.stdout.write(`The documentation page shows ${operations} operations, and sends a change.\n`)
} finally {
  await demo.end("SIGINT")
  await browser.close()
  await folder.remove()
}
