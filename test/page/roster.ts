import assert from "node:assert/strict"
import { fileURLToPath } from "node:url"
import type { Page } from "playwright-core"
import { demoFolder, startDemo } from "../demo/demoProcess.ts"
import { complaintsOf, launch, pressing, signIn } from "./Chromium.ts"

/* An officer's work on a roster, in a browser: edits in place, import, discovery, history. Takes the README's picture. */

const picture = fileURLToPath(new URL("../../docs/roster.png", import.meta.url))
const list =
  "player,character,class,race,spec,rank\nVelora,Velwyn,Druid,Tauren,Balance,main\nVelora,Velmar,Mage,Undead,Frost,alt"

const openGuild = async (page: Page) => {
  await pressing(page, "Ashen Vanguard")
  await page.getByRole("heading", { name: /^Ashen Vanguard: \d+ characters$/ }).waitFor()
}

const editInPlace = async (page: Page) => {
  await page.getByLabel("Spec of Cyrandel", { exact: true }).selectOption("Fire")
  await page.getByText("Saved.").waitFor()
  assert.equal(await page.getByLabel("Spec of Cyrandel", { exact: true }).inputValue(), "Fire")
}

/** Two windows: the second has not seen what the first did. */
const meetAnotherOfficer = async (page: Page, frontend: string) => {
  const other = await page.context().newPage()
  await other.goto(frontend)
  await openGuild(other)
  await page.getByLabel("Rank of Cyrandel", { exact: true }).selectOption("alt")
  await page.getByText("Saved.").waitFor()
  await other.getByLabel("Role of Cyrandel", { exact: true }).selectOption("heal")
  await other.getByText("Somebody else has changed the roster meanwhile.").waitFor()
  assert.equal(await other.getByLabel("Rank of Cyrandel", { exact: true }).inputValue(), "alt")
  assert.equal(await other.getByLabel("Role of Cyrandel", { exact: true }).inputValue(), "ranged")
  await other.close()
}

const addByHand = async (page: Page) => {
  await page.getByText("Add a player or a character").click()
  await page.getByLabel("Player", { exact: true }).fill("Thornea")
  await pressing(page, "Add the player")
  await page.getByText("Thornea is on the roster.").waitFor()
  const form = page.locator("#new-character")
  await form.getByLabel("Of").selectOption("Thornea")
  await form.getByLabel("Character").fill("Thornleaf")
  await form.getByLabel("Class and spec").selectOption("Druid, Balance")
  await form.getByLabel("Race").selectOption("Tauren")
  await pressing(page, "Add the character")
  await page.getByText("Thornleaf is on the roster.").waitFor()
}

const importList = async (page: Page) => {
  await page.getByText("Import, or find the guild's characters").click()
  const paste = page.getByLabel("CSV or JSON")
  await paste.fill(list.replace("Balance", "Shadow"))
  await pressing(page, "See what changes")
  await page.locator("#outcome-rows tr.invalid").filter({ hasText: "spec" }).waitFor()
  await paste.fill(list)
  await pressing(page, "See what changes")
  await page.getByText("It would be: 3 created").waitFor()
  assert.equal(await page.getByLabel("Spec of Velwyn").count(), 0)
  await pressing(page, "Import")
  await page.getByText("Done: 3 created").waitFor()
  await page.getByLabel("Spec of Velwyn").waitFor()
}

const discover = async (page: Page) => {
  await pressing(page, "Find")
  await page.getByText("Found. Import it as it is, or change it first.").waitFor()
  const { players } = JSON.parse(await page.getByLabel("CSV or JSON").inputValue()) as {
    players: ReadonlyArray<object>
  }
  assert.ok(players.length > 20, `${players.length} players`)
}

const readHistory = async (page: Page) => {
  await page.locator("#history summary").click()
  const first = await page.locator("#changes li").count()
  await page.locator("#changes li").filter({ hasText: "spec: Arcane → Fire" }).first().waitFor()
  await pressing(page, "Older")
  await page.waitForFunction(`document.querySelectorAll("#changes li").length > ${first}`)
}

const work = async (page: Page, frontend: string) => {
  const complaints = complaintsOf(page)
  await signIn(page, frontend, "Borin")
  await openGuild(page)
  await editInPlace(page)
  await page.screenshot({ path: picture })
  await meetAnotherOfficer(page, frontend)
  await addByHand(page)
  await importList(page)
  await discover(page)
  await readHistory(page)
  await page.setViewportSize({ width: 375, height: 700 })
  assert.ok(
    Number(await page.evaluate("document.documentElement.scrollWidth")) <= 375,
    "the page is wider than a phone"
  )
  assert.deepEqual(complaints, [])
}

const browser = await launch()
const folder = await demoFolder()
const demo = await startDemo({ folder: folder.path })
try {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 784 } })).newPage()
  page.setDefaultTimeout(10_000)
  await work(page, demo.frontend)
  process.stdout.write("An officer's work on the roster goes through; its picture is in docs/roster.png.\n")
} finally {
  await browser.close()
  await demo.end("SIGINT")
  await folder.remove()
}
