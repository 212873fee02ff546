import assert from "node:assert/strict"
import { fileURLToPath } from "node:url"
import type { Page } from "../tools/playwright.ts"
import type { Fault } from "../../src/demo/simulators/Fault.ts"
import { demoFolder, startDemo } from "../demo/demoProcess.ts"
import { barOf, begin, ended, openGuild, outcomes, reaches, state, sum } from "./Refreshing.ts"
import { complaintsOf, following, launch, pressing, signIn } from "./Chromium.ts"

/*
 * An officer refreshes a roster in a browser: by keyboard, with a reload in the middle, with a provider that says no, to
 * its end and cancelled. Takes the README's picture.
 */

const picture = fileURLToPath(new URL("../../docs/refresh.png", import.meta.url))

interface Providers {
  readonly order: (provider: "Warcraft Logs" | "Battle.net", fault: Fault) => Promise<void>
  readonly clear: () => Promise<void>
}

/** The demo's simulated providers, through their controls. */
const providersOf = (output: string): Providers => {
  const urlOf = (name: string) => new RegExp(`^${name} +(\\S+) +simulated$`, "m").exec(output)![1]!
  const send = async (name: string, method: string, body?: object) => {
    const url = `${urlOf(name)}/__sim/faults`
    const headers = { "content-type": "application/json" }
    const { status } = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    assert.ok(status === 201 || status === 204, `${status} of ${url}`)
  }
  return {
    order: (provider, fault) => send(provider, "POST", fault),
    clear: async () => {
      for (const name of ["Warcraft Logs", "Battle.net"]) await send(name, "DELETE")
    }
  }
}

const focused = (page: Page) => page.evaluate("document.activeElement.id")

/** By keyboard alone; what is read of it is announced and labelled. */
const beginByKeyboard = async (page: Page) => {
  assert.equal(await page.getByRole("progressbar").count(), 0)
  await page.getByLabel("Read what is").focus()
  await page.keyboard.press("Tab")
  await page.keyboard.press("Enter")
  await state(page, "The roster is being read anew.")
  assert.equal(await focused(page), "cancel-refresh")
  assert.equal(await page.getByRole("button", { name: "Refresh the roster" }).count(), 0)
  for (const name of ["Warcraft Logs", "Battle.net"]) await page.getByRole("progressbar", { name }).waitFor()
}

const reloadInTheMiddle = async (page: Page) => {
  const before = await reaches(page, "battlenet", 0.1)
  const later = await reaches(page, "battlenet", 0.3)
  assert.ok(later > before, `${before}, then ${later}`)
  await page.reload()
  await state(page, "The roster is being read anew.")
  const { value, max } = await barOf(page, "battlenet")
  assert.ok(value >= later && value < max, `${value} of ${max} after the reload, ${later} before`)
  await page.getByText("live", { exact: true }).waitFor()
  await page.locator("#outcomes summary").press("Enter")
  await reaches(page, "battlenet", 0.5)
  await page.screenshot({ path: picture })
}

/** Each character's outcome at each provider, and the sums of the same. */
const seeOutcomes = async (page: Page) => {
  await ended(page)
  assert.equal(await page.locator("#refresh-live").textContent(), "")
  const rows = await outcomes(page)
  assert.ok(rows.length > 60, `${rows.length} characters`)
  for (const [column, provider] of [
    [1, "warcraftlogs"],
    [2, "battlenet"]
  ] as const) {
    const told = rows.map((cells) => cells[column]!)
    const count = (start: string) => told.filter((text) => text.startsWith(start)).length
    assert.equal(count("✓ read") + count("✗ failed: "), rows.length, told.join("\n"))
    assert.ok(count("✗ failed: ") >= 2)
    const text = `${count("✓ read")} read, 0 fresh already, ${count("✗ failed")} failed, 0 waiting · `
    assert.ok((await sum(page, provider)).startsWith(text), `${await sum(page, provider)}, not ${text}`)
    assert.deepEqual(await barOf(page, provider), { value: rows.length, max: rows.length })
  }
  assert.match(await sum(page, "warcraftlogs"), / · 1\d requests · 3\d{3} points left$/)
  const wisp = rows.find(([name]) => name === "Cyrawisp")!
  assert.match(wisp[1]!, /^✗ failed: Warcraft Logs does not know this character\.$/)
  assert.match(wisp[2]!, /^✗ failed: Battle\.net does not know this character\.$/)
  const shade = rows.find(([name]) => name === "Cyrashade")!
  assert.match(shade[1]!, /^✗ failed: .*hidden/)
  assert.equal(shade[2], "✓ read")
  // The roster tells the news without a reload, and the list leads to the characters.
  const row = page.locator("#roster-rows tr", { hasText: "Cyrandel" })
  await row.filter({ hasText: "0 min / 0 min" }).waitFor()
  await page.locator("#refresh-rows").getByRole("link", { name: "Cyrandel", exact: true }).press("Enter")
  await page.getByText(/^Best average [\d.]+ \(dps\), \d+ kills$/).waitFor()
  await page.goBack()
}

const findAllFresh = async (page: Page) => {
  await begin(page, "older than 15 minutes")
  await page.getByText("Everything is fresh already.").waitFor()
  for (const [, ...told] of await outcomes(page)) assert.deepEqual(told, ["✓ fresh already", "✓ fresh already"])
}

/** A refresh that waits tells why and until when; who is signed out is told so, and finds it again. */
const waitForAProvider = async (page: Page, frontend: string, { order }: Providers) => {
  await order("Warcraft Logs", { kind: "status", status: 429, retryAfter: 120, path: "/api/v2/client" })
  await begin(page, "of any age")
  await page.getByText(/ · waits until [^,]+, as Warcraft Logs told us to wait$/).waitFor()
  await state(page, /^The refresh waits until .+\.$/)
  const other = await page.context().newPage()
  await other.goto(frontend)
  await pressing(other, "Log out")
  await other.getByText("You are logged out.").waitFor()
  await page.getByText(/^Not live: /).waitFor({ timeout: 15_000 })
  await signIn(other, frontend, "Borin")
  await other.close()
  await page.reload()
  await state(page, /^The refresh waits until/)
  await page.getByText("live", { exact: true }).waitFor()
}

const cancel = async (page: Page) => {
  await page.getByRole("button", { name: "Cancel the refresh" }).press("Enter")
  await state(page, /^Cancelled at .*: what was read stays\.$/)
  assert.equal(await focused(page), "begin-refresh")
  await page.locator("#outcomes summary").press("Enter")
  const rows = await outcomes(page)
  assert.ok(rows.every(([, logs]) => logs === "not read"))
  assert.ok(rows.every(([, , profile]) => /^(✓ read|✗ failed: .*)$/.test(profile!)))
}

const useAPhone = async (page: Page) => {
  await page.setViewportSize({ width: 375, height: 700 })
  assert.ok(Number(await page.evaluate("document.documentElement.scrollWidth")) <= 375, "wider than a phone")
  const isSeen = `[...document.querySelectorAll("#refresh :is(button, select, progress, small)")]
    .filter((one) => one.checkVisibility()).every((one) => one.getBoundingClientRect().right <= 375)`
  assert.equal(await page.evaluate(isSeen), true)
}

/** Who does not lead sees how it went, and no button. */
const asRaider = async (page: Page, frontend: string) => {
  await pressing(page, "Log out")
  await page.getByText("You are logged out.").waitFor()
  await signIn(page, frontend, "Cyra")
  await openGuild(page)
  await state(page, /^Cancelled at/)
  const group = page.getByRole("group", { name: "Refresh of the roster" })
  assert.equal(await group.getByRole("button").count(), 0)
  await following(page, "Borintide")
  await page.getByRole("heading", { name: "Borintide" }).waitFor()
  assert.equal(await page.getByRole("button", { name: "Refresh from Battle.net" }).count(), 0)
}

/** Where somebody was signed out in passing, and where a reload cut a stream. */
const expected = /^(console: Failed to load resource: .* 401|401: |failed: \S+\/events net::ERR_ABORTED$)/

const work = async (page: Page, frontend: string, providers: Providers) => {
  const complaints = complaintsOf(page)
  await signIn(page, frontend, "Borin")
  await openGuild(page)
  // Battle.net is asked one document after the other.
  await providers.order("Warcraft Logs", { kind: "slow", ms: 400 })
  await providers.order("Battle.net", { kind: "slow", ms: 100 })
  await beginByKeyboard(page)
  await reloadInTheMiddle(page)
  await seeOutcomes(page)
  await providers.clear()
  await findAllFresh(page)
  await waitForAProvider(page, frontend, providers)
  await cancel(page)
  await useAPhone(page)
  await asRaider(page, frontend)
  assert.deepEqual(
    complaints.filter((complaint) => !expected.test(complaint)),
    []
  )
}

const browser = await launch()
const folder = await demoFolder()
const demo = await startDemo({ folder: folder.path })
try {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 784 } })).newPage()
  page.setDefaultTimeout(10_000)
  await work(page, demo.frontend, providersOf(demo.output))
  process.stdout.write(
    "A roster is refreshed, through a reload, a wait and a cancel; its picture is in docs/refresh.png.\n"
  )
} finally {
  await browser.close()
  await demo.end("SIGINT")
  await folder.remove()
}
