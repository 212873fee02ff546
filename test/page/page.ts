import assert from "node:assert/strict"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Page } from "../tools/playwright.ts"
import { demoFolder, startDemo } from "../demo/demoProcess.ts"
import { complaintsOf, following, launch, pressing, signIn } from "./Chromium.ts"

/*
 * Goes through the main job in a browser, as a person would, and takes the picture in the README. Not part of
 * `npm test`, because it needs Chromium.
 */

const picture = fileURLToPath(new URL("../../docs/demo.png", import.meta.url))

/** A name is never interpreted as HTML. */
const made = "Wipe & Repeat <3"

const makeGuild = async (page: Page) => {
  await page.getByLabel("Name", { exact: true }).fill(made)
  await page.getByLabel("Faction").selectOption("Horde")
  await pressing(page, "Make")
  await page.getByText(`${made} is made.`).waitFor()
  await page.getByRole("heading", { name: `${made}: 4 characters` }).waitFor()
  await page.getByRole("listitem").filter({ hasText: made }).filter({ hasText: "admin" }).waitFor()
}

const openRoster = async (page: Page) => {
  await following(page, "Ashen Vanguard")
  await page.getByRole("heading", { name: /^Ashen Vanguard: \d+ characters$/ }).waitFor()
  const rows = await page.locator("#roster-rows tr").count()
  assert.ok(rows >= 60, `the roster has ${rows} characters`)
}

const refreshCharacter = async (page: Page) => {
  await following(page, "Cyrandel")
  await page.getByText("Blood Elf Mage, Arcane").waitFor()
  assert.equal(await page.getByText("Not asked yet.").count(), 2)
  await pressing(page, "Refresh from Battle.net")
  await page.getByText(/^Level 70, item level \d+, Arcane$/).waitFor()
  await pressing(page, "Refresh from Warcraft Logs")
  await page.getByText(/^Best average [\d.]+ \(dps\), \d+ kills$/).waitFor()
  const count = async (table: string) => page.locator(`${table} tbody tr`).count()
  const [parses, gear] = [await count("#parses"), await count("#gear")]
  assert.ok(parses > 3 && gear > 10, `${parses} parses and ${gear} pieces of gear`)
}

const logOut = async (page: Page, frontend: string) => {
  await pressing(page, "Log out")
  await page.getByText("You are logged out.").waitFor()
  await page.goto(frontend)
  await page.getByRole("button", { name: "Sign in with Discord" }).waitFor()
}

const walk = async (page: Page, frontend: string) => {
  const complaints = complaintsOf(page)
  await signIn(page, frontend)
  await makeGuild(page)
  await openRoster(page)
  await refreshCharacter(page)
  await mkdir(join(picture, ".."), { recursive: true })
  await page.getByText("Warcraft Logs has answered.").waitFor()
  await page.screenshot({ path: picture })
  await logOut(page, frontend)
  assert.deepEqual(complaints, [])
}

const browser = await launch()
const folder = await demoFolder()
const demo = await startDemo({ folder: folder.path })
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 784 } })
  page.setDefaultTimeout(10_000)
  await walk(page, demo.frontend)
  process.stdout.write("The page goes through the main job; its picture is in docs/demo.png.\n")
} finally {
  const started = performance.now()
  const { code } = await demo.end("SIGINT")
  assert.equal(code, 0)
  assert.ok(performance.now() - started < 3000, "an open page delays the end")
  await browser.close()
  await folder.remove()
}
