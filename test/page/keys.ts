import assert from "node:assert/strict"
import type { Page } from "../tools/playwright.ts"
import { type Demo, demoFolder, startDemo } from "../demo/demoProcess.ts"
import { complaintsOf, following, launch, pressing, signIn } from "./Chromium.ts"

/* An admin makes a key for a bot, in a browser: it is shown once, works until it is revoked, and officers see none. */

const openGuild = async (page: Page) => {
  await following(page, "Ashen Vanguard")
  await page.getByRole("heading", { name: /^Ashen Vanguard: \d+ characters$/ }).waitFor()
}

const token = (page: Page) => page.getByLabel("Key", { exact: true })
const line = (page: Page, name: string) => page.getByRole("list", { name: "Keys" }).locator("li", { hasText: name })

/** What the API answers to a program that calls by a key. */
const asked = async (demo: Demo, page: Page, key: string, what: string) => {
  const [, guild] = /guilds\/([\w-]+)/.exec(page.url())!
  const headers = { authorization: `Bearer ${key}` }
  const response = await fetch(`${demo.api}/guilds/${guild}/${what}`, { headers })
  await response.body?.cancel()
  return response.status
}

const make = async (page: Page) => {
  await following(page, "Keys")
  await page.getByText("No keys yet.").waitFor()
  const form = page.locator("#new-key")
  await form.getByLabel("Key's name").fill("Signups")
  await form.getByLabel("read plans").uncheck()
  await pressing(page, "Make a key")
  // A key is for something.
  await page.locator("#new-key .fault").waitFor()
  await form.getByLabel("read plans").check()
  await form.getByLabel("Days").fill("30")
  await pressing(page, "Make a key")
  await page.getByText("This key is shown once: copy it now.").waitFor()
  const shown = await token(page).inputValue()
  assert.match(shown, /^raid_[\w-]{8}_[\w-]{43}$/)
  await pressing(page, "Copy the key")
  await page.getByText("Copied.").waitFor()
  assert.equal(await page.evaluate("navigator.clipboard.readText()"), shown)
  assert.equal(await form.getByLabel("Key's name").inputValue(), "")
  return shown
}

const use = async (demo: Demo, page: Page, key: string) => {
  const facts = /raid_[\w-]{8}…, plans:read, made by Aldra .+, until .+, never used/
  await line(page, "Signups").filter({ hasText: facts }).waitFor()
  assert.equal(await asked(demo, page, key, "plans"), 200)
  assert.equal(await asked(demo, page, key, "roster"), 403)
}

/** Folded and opened again, the list has the key and the page does not. */
const seeOnce = async (page: Page, key: string) => {
  const summary = page.getByText("Keys for bots and spreadsheets")
  await summary.click()
  await summary.click()
  await line(page, "Signups").filter({ hasText: ", used " }).waitFor()
  assert.equal(await token(page).isVisible(), false)
  const held = `document.documentElement.outerHTML + [...document.querySelectorAll("input")].map(({ value }) => value)`
  assert.equal(String(await page.evaluate(held)).includes(key), false)
}

const useAPhone = async (page: Page) => {
  await page.setViewportSize({ width: 375, height: 700 })
  assert.ok(Number(await page.evaluate(`document.querySelector("html").scrollWidth`)) <= 375)
  await page.setViewportSize({ width: 1280, height: 784 })
}

const revoke = async (demo: Demo, page: Page, key: string) => {
  page.once("dialog", (dialog) => void dialog.dismiss())
  await pressing(page, "Revoke Signups")
  assert.equal(await asked(demo, page, key, "plans"), 200)
  page.once("dialog", (dialog) => void dialog.accept())
  await pressing(page, "Revoke Signups")
  await page.getByText("Signups is revoked.").waitFor()
  await page.getByText("No keys yet.").waitFor()
  assert.equal(await asked(demo, page, key, "plans"), 401)
}

/** The keys are the admins'. */
const asOfficer = async (page: Page, frontend: string) => {
  await pressing(page, "Log out")
  await page.getByText("You are logged out.").waitFor()
  await signIn(page, frontend, "Borin")
  await openGuild(page)
  await page.getByRole("link", { name: "History" }).waitFor()
  assert.equal(await page.getByRole("link", { name: "Keys" }).count(), 0)
  assert.equal(await page.locator("#keys").isVisible(), false)
}

/** What is refused is a complaint of the browser's too. */
const refusals = /^(console: Failed to load resource: .* 400|400: )/

const browser = await launch()
const folder = await demoFolder()
const demo = await startDemo({ folder: folder.path })
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 784 } })
  await context.grantPermissions(["clipboard-read", "clipboard-write"])
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  const complaints = complaintsOf(page)
  await signIn(page, demo.frontend, "Aldra")
  await openGuild(page)
  const key = await make(page)
  await use(demo, page, key)
  await seeOnce(page, key)
  await useAPhone(page)
  await revoke(demo, page, key)
  await asOfficer(page, demo.frontend)
  assert.deepEqual(
    complaints.filter((complaint) => !refusals.test(complaint)),
    []
  )
  process.stdout.write("A key is made, copied, used and revoked; it is shown once, and to admins alone.\n")
} finally {
  await browser.close()
  await demo.end("SIGINT")
  await folder.remove()
}
