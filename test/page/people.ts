import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import type { Page } from "../tools/playwright.ts"
import { demoFolder, startDemo } from "../demo/demoProcess.ts"
import { complaintsOf, following, launch, pressing, signIn } from "./Chromium.ts"

/*
 * An officer sorts out who is who on a roster, in a browser: links players to members, moves characters, takes the list
 * home. And what a character wears, and the page under another name of the machine.
 */

const named = (page: Page, label: string | RegExp) => page.getByLabel(label, { exact: true })
const focused = (page: Page) => page.evaluate("document.activeElement.dataset.key ?? document.activeElement.name")

const openGuild = async (page: Page, name = "Ashen Vanguard") => {
  await following(page, name)
  await page.getByRole("heading", { name: new RegExp(`^${name}: \\d+ characters?$`) }).waitFor()
}

/** What a press downloads, as text. */
const downloaded = async (page: Page, format: string) => {
  const [file] = await Promise.all([page.waitForEvent("download"), pressing(page, format)])
  assert.equal(file.suggestedFilename(), `roster.${format.toLowerCase()}`)
  return readFile(await file.path(), "utf8")
}

const exportRoster = async (page: Page) => {
  const rows = await page.locator("#roster-rows tr").count()
  const csv = await downloaded(page, "CSV")
  assert.match(csv, /player,discord_user_id,status/)
  assert.ok(csv.trim().split("\n").length >= rows - 1, csv)
  const { players } = JSON.parse(await downloaded(page, "JSON")) as { players: ReadonlyArray<{ name: string }> }
  assert.ok(players.some(({ name }) => name === "Cyra"))
  // Back again, as a list, it changes nothing.
  await following(page, "Import and find")
  await page.getByLabel("CSV or JSON").fill(csv)
  await pressing(page, "See what changes")
  await page.getByText(/^It would be: \d+ unchanged\.$/).waitFor()
}

const link = async (page: Page) => {
  await named(page, "@Cyra: member of Cyra").click()
  const dialog = page.getByRole("dialog", { name: "Which member is Cyra?" })
  await dialog.getByRole("combobox").selectOption("none")
  await dialog.getByRole("button", { name: "Save" }).click()
  await page.getByText("Cyra is linked to no member.").waitFor()
  await named(page, "no member: member of Cyra").waitFor()
}

/** By keyboard alone. */
const linkByKeyboard = async (page: Page) => {
  await named(page, "no member: member of Cyra").focus()
  await page.keyboard.press("Enter")
  await page.getByRole("dialog").waitFor()
  assert.equal(await focused(page), "chosen")
  await page.keyboard.press("Escape")
  await page.getByRole("dialog").waitFor({ state: "hidden" })
  assert.match(String(await focused(page)), / member$/)
  await page.keyboard.press("Enter")
  await page.getByRole("dialog").waitFor()
  await page.keyboard.type("Bor")
  await page.keyboard.press("Tab")
  await page.keyboard.press("Enter")
  // Borin has a player of his own.
  const fault = page.locator("#choice .fault")
  await fault.waitFor()
  assert.equal(await page.locator("#choice select").getAttribute("aria-describedby"), await fault.getAttribute("id"))
  assert.equal(await focused(page), "chosen")
  await page.keyboard.type("Cyra")
  assert.equal(await fault.count(), 0)
  await page.keyboard.press("Tab")
  await page.keyboard.press("Enter")
  await page.getByText("Cyra is linked.").waitFor()
  await named(page, "@Cyra: member of Cyra").waitFor()
  assert.match(String(await focused(page)), / member$/)
}

/** The first cell of the rows of a player says whose they are. */
const ownerOf = (page: Page, character: string) =>
  page.evaluate<string>(`(() => {
    let row = document.querySelector('#roster-rows [aria-label="Spec of ${character}"]').closest("tr")
    while (!row.classList.contains("first")) row = row.previousElementSibling
    return row.querySelector('[aria-label^="Name of"]').value
  })()`)

const move = async (page: Page) => {
  assert.equal(await ownerOf(page, "Cyrawisp"), "Cyra")
  await named(page, "Move Cyrawisp").click()
  const dialog = page.getByRole("dialog", { name: "To whom does Cyrawisp belong?" })
  assert.equal(await dialog.getByRole("combobox").locator("option:checked").textContent(), "Cyra")
  await dialog.getByRole("combobox").selectOption("Borin")
  await dialog.getByRole("button", { name: "Save" }).click()
  await page.getByText("Cyrawisp is Borin's.").waitFor()
  assert.equal(await ownerOf(page, "Cyrawisp"), "Borin")
  assert.equal(await named(page, "Rank of Cyrawisp").inputValue(), "alt")
}

const moveByKeyboard = async (page: Page) => {
  await named(page, "Move Cyrawisp").focus()
  await page.keyboard.press("Space")
  await page.getByRole("dialog").waitFor()
  await page.keyboard.type("Cyra")
  await page.keyboard.press("Tab")
  await page.keyboard.press("Enter")
  await page.getByText("Cyrawisp is Cyra's.").waitFor()
  assert.equal(await ownerOf(page, "Cyrawisp"), "Cyra")
  assert.match(String(await focused(page)), / move$/)
}

/** The roster was edited in another window while this one chose. */
const meetAnotherOfficer = async (page: Page, frontend: string) => {
  const other = await page.context().newPage()
  await other.goto(`${frontend}/${new URL(page.url()).hash}`)
  await named(other, "Move Cyrawisp").click()
  await named(page, "Rank of Cyrawisp").selectOption("main")
  await page.getByText("Saved.").waitFor()
  await other.getByRole("combobox").and(other.locator("#choice select")).selectOption("Borin")
  await pressing(other, "Save")
  await other.getByText("Somebody else has changed the roster meanwhile.").waitFor()
  await other.getByRole("dialog").waitFor({ state: "hidden" })
  assert.equal(await ownerOf(other, "Cyrawisp"), "Cyra")
  assert.equal(await named(other, "Rank of Cyrawisp").inputValue(), "main")
  await other.close()
}

const wear = async (page: Page) => {
  await following(page, "Borintide")
  await pressing(page, "Refresh from Warcraft Logs")
  await page.getByText("Warcraft Logs has answered.").waitFor()
  const items = page.locator("#gear tbody tr")
  assert.ok((await items.count()) > 10)
  const item = items.first().getByRole("link").first()
  assert.match((await item.getAttribute("href")) ?? "", /^https:\/\/www\.wowhead\.com\/tbc\/item=\d+$/)
  assert.match((await item.textContent()) ?? "", /^\d+$/)
  await items
    .filter({ hasText: /enchant \d+/ })
    .first()
    .waitFor()
  await items
    .filter({ hasText: /gems \d+(, \d+)*/ })
    .first()
    .waitFor()
}

const useAPhone = async (page: Page) => {
  await page.setViewportSize({ width: 375, height: 700 })
  const width = Number(await page.evaluate(`document.querySelector("html").scrollWidth`))
  assert.ok(width <= 375, `the page is ${width} wide`)
  await page.goBack()
  await named(page, "Move Cyrawisp").click()
  const box = await page.getByRole("dialog").boundingBox()
  assert.ok(box !== null && box.x >= 0 && box.x + box.width <= 375, JSON.stringify(box))
  await pressing(page, "Cancel")
  await page.setViewportSize({ width: 1280, height: 784 })
}

/** A raider sees whose a player is by their own account only, and changes neither; but takes the list home. */
const asRaider = async (page: Page, frontend: string) => {
  await pressing(page, "Log out")
  await page.getByText("You are logged out.").waitFor()
  await signIn(page, frontend, "Cyra")
  await openGuild(page)
  assert.equal(await page.getByRole("button", { name: /^Move |member of/ }).count(), 0)
  assert.match(await downloaded(page, "CSV"), /Cyrandel/)
}

/** Under another name of the machine the page says where to go, and calls nobody. */
const elsewhere = async (page: Page, frontend: string) => {
  const other = await page.context().newPage()
  const complaints = complaintsOf(other)
  const requests: Array<string> = []
  other.on("request", (request) => requests.push(request.url()))
  const { hash } = new URL(page.url())
  const address = frontend.replace("localhost", "127.0.0.1")
  await other.goto(`${address}/${hash}`)
  const link = other.getByRole("link", { name: frontend })
  assert.equal(await other.getByRole("button").and(other.locator(":visible")).count(), 0)
  assert.deepEqual(
    requests.filter((url) => !url.startsWith(address) && !url.startsWith("data:")),
    []
  )
  await link.click()
  await other.getByRole("heading", { name: /^Ashen Vanguard/ }).waitFor()
  assert.equal(other.url(), `${frontend}/${hash}`)
  assert.deepEqual(complaints, [])
  await other.close()
}

/** What is refused in passing is a complaint of the browser's too. */
const refusals = /^(console: Failed to load resource: .* (409|412)|(409|412): )/

const work = async (page: Page, frontend: string) => {
  const complaints = complaintsOf(page)
  await signIn(page, frontend, "Borin")
  await openGuild(page)
  await exportRoster(page)
  await link(page)
  await linkByKeyboard(page)
  await move(page)
  await moveByKeyboard(page)
  await meetAnotherOfficer(page, frontend)
  await wear(page)
  await useAPhone(page)
  await asRaider(page, frontend)
  await elsewhere(page, frontend)
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
  process.stdout.write("Players are linked, characters moved and the list taken home, by mouse and keyboard.\n")
} finally {
  await browser.close()
  await demo.end("SIGINT")
  await folder.remove()
}
