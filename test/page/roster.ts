import assert from "node:assert/strict"
import { fileURLToPath } from "node:url"
import type { Page } from "../tools/playwright.ts"
import { demoFolder, startDemo } from "../demo/demoProcess.ts"
import { complaintsOf, following, launch, pressing, signIn } from "./Chromium.ts"

/* An officer's work on a roster, in a browser: edits in place, import, discovery, history. Takes the README's picture. */

const picture = fileURLToPath(new URL("../../docs/roster.png", import.meta.url))
const list =
  "player,character,class,race,spec,rank\nVelora,Velwyn,Druid,Tauren,Balance,main\nVelora,Velmar,Mage,Undead,Frost,alt"

const openGuild = async (page: Page) => {
  await following(page, "Ashen Vanguard")
  await page.getByRole("heading", { name: /^Ashen Vanguard: \d+ characters$/ }).waitFor()
}

const field = (page: Page, label: string) => page.getByLabel(label, { exact: true })
const isSaved = (page: Page) => page.getByText("Saved.").waitFor()

/** The field in which the keyboard is. */
const focused = (page: Page) => page.evaluate("document.activeElement.ariaLabel")

/** What the providers say stands on the roster at once. */
const refreshOwn = async (page: Page) => {
  await following(page, "Borintide")
  for (const provider of ["Battle.net", "Warcraft Logs"]) {
    await pressing(page, `Refresh from ${provider}`)
    await page.getByText(`${provider} has answered.`).waitFor()
  }
  const row = page.locator("#roster-rows tr", { hasText: "Borintide" })
  await row.filter({ hasText: /\d{3}[\d.]+ \/ [\d.]+0 min \/ 0 min/ }).waitFor()
  await page.goBack()
  await page.getByRole("heading", { name: "Borintide" }).waitFor({ state: "hidden" })
}

const editInPlace = async (page: Page) => {
  await field(page, "Spec of Cyrandel").focus()
  await field(page, "Spec of Cyrandel").selectOption("Fire")
  await isSaved(page)
  assert.equal(await field(page, "Spec of Cyrandel").inputValue(), "Fire")
  assert.equal(await focused(page), "Spec of Cyrandel")
}

/** By keyboard alone: what is written goes when the field is left, and the next field keeps the focus. */
const writeNotes = async (page: Page) => {
  await field(page, "Note of Cyra").focus()
  await page.keyboard.type("late on Thursdays")
  await page.keyboard.press("Tab")
  await isSaved(page)
  assert.equal(await field(page, "Note of Cyra").inputValue(), "late on Thursdays")
  assert.equal(await page.evaluate("document.activeElement.tagName"), "A")
  await field(page, "Off-specs of Cyrandel").press("Enter")
  await field(page, "Cyrandel also plays Frost").press("Space")
  await page.locator("summary", { hasText: "Frost" }).waitFor()
  assert.equal(await focused(page), "Cyrandel also plays Frost")
  await field(page, "Off-specs of Cyrandel").press("Enter")
}

/** What is being written when an earlier edit is answered is neither lost nor left unsaved. */
const writeMeanwhile = async (page: Page) => {
  let answer = () => {}
  const written = new Promise<void>((resolve) => {
    answer = resolve
  })
  await page.route("**/characters/*", async (route) => {
    await written
    await route.continue()
  })
  await field(page, "Spec of Cyrawisp").selectOption("Affliction")
  await field(page, "Note of Cyrawisp").pressSequentially("brings stones")
  answer()
  await isSaved(page)
  await page.unrouteAll({ behavior: "wait" })
  assert.equal(await field(page, "Note of Cyrawisp").inputValue(), "brings stones")
  await field(page, "Note of Cyrawisp").blur()
  await isSaved(page)
  await page.reload()
  await field(page, "Note of Cyrawisp").waitFor()
  assert.equal(await field(page, "Note of Cyrawisp").inputValue(), "brings stones")
}

const seeFaults = async (page: Page) => {
  const name = field(page, "Name of Cyra")
  await name.fill(" ")
  await name.press("Tab")
  const fault = page.locator("#roster-rows .fault")
  await fault.filter({ hasText: "This must have 1 to 64 visible characters" }).waitFor()
  assert.equal(await name.getAttribute("aria-describedby"), await fault.getAttribute("id"))
  await name.fill("Cyrá")
  assert.equal(await fault.count(), 0)
  await name.press("Tab")
  await field(page, "Name of Cyrá").fill("Cyra")
  await field(page, "Name of Cyrá").press("Enter")
  await field(page, "Name of Cyra").waitFor()
}

/** Two windows: the second has not seen what the first did. */
const meetAnotherOfficer = async (page: Page, frontend: string) => {
  const other = await page.context().newPage()
  await other.goto(`${frontend}/${new URL(page.url()).hash}`)
  await field(other, "Role of Cyrandel").waitFor()
  await field(page, "Rank of Cyrandel").selectOption("alt")
  await isSaved(page)
  await field(other, "Role of Cyrandel").selectOption("heal")
  await other.getByText("Somebody else has changed the roster meanwhile.").waitFor()
  assert.equal(await field(other, "Rank of Cyrandel").inputValue(), "alt")
  assert.equal(await field(other, "Role of Cyrandel").inputValue(), "ranged")

  await following(other, "Import and find")
  await other.getByLabel("CSV or JSON").fill(list)
  await pressing(other, "See what changes")
  await other.getByText("It would be: 3 created").waitFor()
  await field(page, "Rank of Cyrandel").selectOption("main")
  await isSaved(page)
  await pressing(other, "Import")
  await other.getByText("Somebody else has changed the roster meanwhile.").waitFor()
  assert.equal(await field(other, "Rank of Cyrandel").inputValue(), "main")
  assert.ok(await other.getByRole("button", { name: "Import", exact: true }).isDisabled())
  assert.equal(await field(other, "Spec of Velwyn").count(), 0)
  await other.close()
}

const addByHand = async (page: Page) => {
  await following(page, "Add")
  await page.getByLabel("Player", { exact: true }).fill("Thornea")
  await pressing(page, "Add the player")
  await page.getByText("Thornea is on the roster.").waitFor()
  const form = page.locator("#new-character")
  await form.getByLabel("Of").selectOption("Thornea")
  await form.getByLabel("Character").fill("Thornleaf")
  await form.getByLabel("Realm").fill("Spinesmasher")
  await form.getByLabel("Class and spec").selectOption("Druid, Balance")
  await form.getByLabel("Race").selectOption("Tauren")
  await pressing(page, "Add the character")
  await form.locator("[name=server][aria-invalid] + .fault", { hasText: "Spineshatter" }).waitFor()
  assert.equal(await page.evaluate("document.activeElement.name"), "server")
  await form.getByLabel("Realm").fill("")
  await pressing(page, "Add the character")
  await page.getByText("Thornleaf is on the roster.").waitFor()
  await field(page, "Spec of Thornleaf").waitFor()
}

const remove = async (page: Page) => {
  page.once("dialog", (dialog) => void dialog.accept())
  await field(page, "Remove Thornea").click()
  await page.getByText("Removed.").waitFor()
  assert.equal(await field(page, "Spec of Thornleaf").count(), 0)
}

const importList = async (page: Page) => {
  await following(page, "Import and find")
  const paste = page.getByLabel("CSV or JSON")
  const write = page.getByRole("button", { name: "Import", exact: true })
  await paste.fill("name,class\nVelwyn,Druid")
  await pressing(page, "See what changes")
  await page.locator("#paste .fault", { hasText: "has no column named player" }).waitFor()
  await paste.fill(list.replace("Balance", "Shadow"))
  await pressing(page, "See what changes")
  await page.locator("#outcome-rows tr.invalid").filter({ hasText: "spec must be a spec of Druid" }).waitFor()
  assert.ok(await write.isDisabled())
  await paste.fill(list)
  await pressing(page, "See what changes")
  await page.getByText("It would be: 3 created").waitFor()
  assert.equal(await field(page, "Spec of Velwyn").count(), 0)
  await write.click()
  await page.getByText("Done: 3 created").waitFor()
  await field(page, "Spec of Velwyn").waitFor()
  await paste.fill(list.replace("Frost", "Fire"))
  await pressing(page, "See what changes")
  await page.locator("#outcome-rows tr.updated").filter({ hasText: "spec Frost becomes Fire" }).waitFor()
}

const discover = async (page: Page) => {
  await pressing(page, "Find")
  await page.getByText("Found. Import it as it is, or change it first.").waitFor()
  await page.getByText("Left out, by reason: 1 level.").waitFor()
  const { players } = JSON.parse(await page.getByLabel("CSV or JSON").inputValue()) as {
    players: ReadonlyArray<object>
  }
  assert.ok(players.length > 20, `${players.length} players`)
  await pressing(page, "Import")
  await page.getByText(/^Done: /).waitFor()
}

const readHistory = async (page: Page) => {
  await following(page, "History")
  const changes = page.locator("#changes tr")
  await changes.first().waitFor()
  const first = await changes.count()
  await pressing(page, "Older")
  await changes.nth(first).waitFor()
  const whole = changes.filter({ hasText: "Borin" }).filter({ hasText: "Cyrandel (Cyra)" })
  await whole.filter({ hasText: "spec: Arcane → Fire" }).waitFor()
  await whole.filter({ hasText: "off_specs: nothing → Frost" }).waitFor()
}

/** Each place has its address. */
const goBack = async (page: Page, frontend: string) => {
  await following(page, "Velwyn")
  const heading = page.getByRole("heading", { name: "Velwyn" })
  await heading.waitFor()
  await page.reload()
  await heading.waitFor()
  await page.goBack()
  await heading.waitFor({ state: "hidden" })
  assert.match(page.url(), /#\/guilds\/[\w-]+\/roster\/history$/)
  await page.goto(`${frontend}/#/guilds/00000000-0000-4000-8000-000000000000/roster`)
  await page.getByText("You are in no such guild.").waitFor()
  await page.goBack()
  await page.getByRole("heading", { name: /^Ashen Vanguard/ }).waitFor()
}

const useAPhone = async (page: Page) => {
  await page.setViewportSize({ width: 375, height: 700 })
  const width = async (of: string) => Number(await page.evaluate(`document.querySelector("${of}").scrollWidth`))
  assert.ok((await width("html")) <= 375, "the page is wider than a phone")
  assert.ok((await width("#roster > .scroll")) > 375, "the roster scrolls by itself")
  await field(page, "Spec of Velwyn").selectOption("Feral")
  await isSaved(page)
}

/** A raider edits what is theirs; the link survives signing in. */
const asRaider = async (page: Page, link: string) => {
  await page.goto(link)
  await pressing(page, "Sign in with Discord")
  await page.getByRole("link", { name: "Sign in as Cyra" }).click()
  await page.getByRole("heading", { name: /^Ashen Vanguard/ }).waitFor()
  assert.equal(page.url(), link)
  await field(page, "Note of Cyrandel").fill("has the trinket")
  await field(page, "Note of Cyrandel").press("Enter")
  await isSaved(page)
  assert.equal((await field(page, "Spec of Borîntide").count()) + (await field(page, "Status of Cyra").count()), 0)
  assert.equal(await page.getByRole("link", { name: "Import and find" }).count(), 0)
}

/** What is refused in passing is a complaint of the browser's too. */
const refusals = /^(console: Failed to load resource: .* (400|412|422)|(400|412|422): )/

const work = async (page: Page, frontend: string) => {
  const complaints = complaintsOf(page)
  await signIn(page, frontend, "Borin")
  await openGuild(page)
  await refreshOwn(page)
  await editInPlace(page)
  await writeNotes(page)
  await page.screenshot({ path: picture })
  await writeMeanwhile(page)
  await seeFaults(page)
  await meetAnotherOfficer(page, frontend)
  await addByHand(page)
  await remove(page)
  await importList(page)
  await discover(page)
  await readHistory(page)
  await goBack(page, frontend)
  await useAPhone(page)
  const link = page.url().replace("/history", "")
  await pressing(page, "Log out")
  await page.getByText("You are logged out.").waitFor()
  await asRaider(page, link)
  assert.deepEqual(
    complaints.filter((complaint) => !refusals.test(complaint)),
    []
  )
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
