import assert from "node:assert/strict"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { Page } from "../tools/playwright.ts"
import { demoFolder, startDemo } from "../demo/demoProcess.ts"
import { complaintsOf, following, launch, pressing, signIn } from "./Chromium.ts"

/*
 * An officer has the seeded raid composed in a browser: through a reload to its certificate, stopped, refused, dropped,
 * overtaken and accepted. Takes the README's picture.
 */

const picture = fileURLToPath(new URL("../../docs/compose.png", import.meta.url))

const message = (page: Page, text: string | RegExp) => page.locator("#message").filter({ hasText: text }).waitFor()
const state = (page: Page, text: string | RegExp, timeout = 10_000) =>
  page.locator("#composition-state").filter({ hasText: text }).waitFor({ timeout })
const seat = (page: Page, place: string, who: string) =>
  page.locator("#board").getByRole("button", { name: `${place}: ${who}` })
const live = (page: Page, id: string) =>
  page
    .locator(id)
    .filter({ hasText: /^live$/ })
    .waitFor()

const openSeeded = async (page: Page) => {
  await following(page, "Ashen Vanguard")
  await following(page, "Plans")
  await following(page, "Wednesday")
  await live(page, "#plan-live")
}

const begin = async (page: Page, seconds: number, mainsOnly = false) => {
  const form = page.locator("#new-composition")
  await form.getByLabel("Seconds at most").fill(String(seconds))
  await form.getByLabel("Mains only").setChecked(mainsOnly)
  await form.getByRole("button", { name: "Compose" }).press("Enter")
}

/** How many corners a line of the chart has, and whether it only rises (1) or falls (-1). */
const lineOf = (page: Page, name: "value" | "bound", sign: 1 | -1) =>
  page.evaluate<{ readonly corners: number; readonly goesOneWay: boolean }>(`(() => {
    const line = document.querySelector("#composition-chart polyline.${name}")
    const heights = [...(line?.points ?? [])].map(({ y }) => y)
    const goesOneWay = heights.every((y, index) => index === 0 || (y - heights[index - 1]) * ${sign} <= 0)
    return { corners: heights.length, goesOneWay }
  })()`)

/** Waits until a line has more corners than that. */
const grows = async (page: Page, name: "value" | "bound", corners: number) => {
  for (const since = performance.now(); ; await setTimeout(50)) {
    if ((await lineOf(page, name, 1)).corners > corners) return
    assert.ok(performance.now() - since < 60_000, `${name} has not more than ${corners} corners`)
  }
}

const number = (text: string) => Number(text.replaceAll(",", ""))

/** What the state says of the gap, in points. */
const gapOf = async (page: Page) => {
  const text = (await page.locator("#composition-state").textContent())!
  if (text.startsWith("Optimal: no plan is worth more; ")) return 0
  const words =
    /^At most ([\d,]+) points?, ([\d.]+) percent, from the best; (checked again in integers|by the solver's word)/
  return number((words.exec(text) ?? assert.fail(`no certificate: ${text}`))[1]!)
}

/** The rows of a table's body. */
const rows = (page: Page, id: string) =>
  page.evaluate<ReadonlyArray<ReadonlyArray<string>>>(
    `[...document.getElementById("${id}").rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim()))`
  )

const composeThroughAReload = async (page: Page) => {
  await page.getByText("Compose", { exact: true }).first().click()
  await begin(page, 25)
  await state(page, /^(It begins|It waits|Being sought)/)
  assert.equal(await page.evaluate("document.activeElement.id"), "stop-composition")
  await grows(page, "value", 1)
  const before = await lineOf(page, "value", 1)
  await page.reload()
  await state(page, /^(Being sought|Optimal|At most)/)
  assert.ok((await lineOf(page, "value", 1)).corners >= before.corners, "the chart begins anew")
  await grows(page, "bound", 0)
  for (const [name, sign] of [
    ["value", 1],
    ["bound", -1]
  ] as const) {
    const line = await lineOf(page, name, sign)
    assert.ok(line.goesOneWay, `${name} goes up and down`)
  }
  await state(page, /^(Optimal|At most)/, 60_000)
}

/** The certificate, the parts and the moves agree with each other and with what the service says of the plan. */
const readTheAnswer = async (page: Page) => {
  await page.getByRole("button", { name: "Accept" }).waitFor()
  const figures = /^Value ([\d,]+) points, bound ([\d,]+) points: gap ([\d,]+) points?/
  const [, value, bound, gap] = figures.exec((await page.locator("#composition-figures").textContent())!)!.map(number)
  assert.equal(bound! - value!, gap)
  assert.equal(await gapOf(page), gap)
  assert.ok(gap! <= 0.01 * value!, `the seeded raid is composed with a gap of ${gap} points of ${value}`)
  const parts = await rows(page, "answer-parts")
  const signed = (text: string) => number(text.replace("−", "-"))
  const sum = (column: number) => parts.slice(0, -1).reduce((total, cells) => total + signed(cells[column]!), 0)
  assert.equal(sum(1), value)
  assert.equal(sum(2), signed(parts.at(-1)![2]!))
  assert.ok(signed(parts.at(-1)![1]!) > signed(parts.at(-1)![2]!), "the answer is worth no more than the plan")
  assert.ok((await page.locator("#effects-more li").count()) > 0)
  const moves = await rows(page, "moves")
  assert.equal(await page.locator("#moves-title").textContent(), `${moves.length} characters move`)
  assert.equal((await page.locator("#answer-seats .moved").count()) > 0, true)
  const first = page.locator("#answer-seats details").first()
  assert.equal(await first.locator("dl").count(), 0)
  await first.locator("summary").press("Enter")
  assert.match((await first.locator("dl").textContent())!, /^Gives.+Receives.+Without it−[\d,]+ points$/)
  await first.locator("summary").press("Enter")
  await page.evaluate(`document.querySelector("#composition").scrollIntoView()`)
  await page.screenshot({ path: picture })
}

const useAPhone = async (page: Page) => {
  const wide = page.viewportSize()!
  const chart = page.locator("#composition-chart svg")
  const width = await chart.getAttribute("width")
  await page.setViewportSize({ width: 375, height: 700 })
  await page.locator(`#composition-chart svg:not([width="${width}"])`).waitFor()
  assert.ok(Number(await page.evaluate("document.documentElement.scrollWidth")) <= 375, "wider than a phone")
  const outside = `[...document.querySelectorAll("#compose :is(button, input, td, svg, summary)")]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > 375).map((one) => one.outerHTML)`
  assert.deepEqual(await page.evaluate(outside), [])
  await page.setViewportSize(wide)
}

const drop = async (page: Page) => {
  const before = await page.locator("#plan-by").textContent()
  await pressing(page, "Drop")
  await message(page, "The plan stays as it is.")
  assert.ok(await page.locator("#answer").isHidden())
  assert.equal(await page.locator("#plan-by").textContent(), before)
  await page.reload()
  await live(page, "#plan-live")
  await page.locator("#compose > summary").click()
  assert.ok(await page.locator("#composition").isHidden())
}

/** What was dropped is shown again, is overtaken by another's write, and becomes a revision. */
const accept = async (page: Page, other: Page) => {
  await page.getByText("Earlier compositions").click()
  await page.locator("#composition-list").getByRole("button", { name: "show" }).first().click()
  await page.getByRole("button", { name: "Accept" }).waitFor()
  await page.route(/\/accept$/, async (route) => {
    await seat(other, "Group 5, seat 1", "Élunisse").click()
    await other.getByRole("button", { name: "Take out" }).click()
    await message(other, / out of the plan: /)
    await route.continue()
  })
  await pressing(page, "Accept")
  await message(page, "Aldra wrote the plan meanwhile. The moves are now from there: accept again if they are right.")
  await page.unrouteAll({ behavior: "wait" })
  await seat(page, "Group 5, seat 1", "free").waitFor()
  await page.getByText(/^Revision 2, /).waitFor()
  const answer = await page.locator("#answer-seats .group li").allTextContents()
  await pressing(page, "Accept")
  await message(page, "The plan is as it was composed, at revision 3.")
  await page.getByText(/^Revision 3, by Borin/).waitFor()
  const names = (texts: ReadonlyArray<string>) => texts.map((text) => /[\p{L}]{3,}/u.exec(text)![0])
  assert.deepEqual(names(await page.locator("#board .group .seat").allTextContents()), names(answer))
  await other.getByText(/^Revision 3, by Borin/).waitFor()
  await page.getByText("Revisions", { exact: true }).click()
  await page.locator("#revisions li").filter({ hasText: "A composition was accepted." }).waitFor()
}

const stop = async (page: Page) => {
  await begin(page, 60)
  await page.locator("#composition-figures").filter({ hasText: "Value" }).waitFor()
  const since = performance.now()
  await page.getByRole("button", { name: "Stop", exact: true }).press("Enter")
  await state(page, /ended by whoever stopped it\.$/)
  const took = performance.now() - since
  await page.getByRole("button", { name: "Accept" }).waitFor()
  return took
}

/** An alt is to keep its seat, and only mains are to come. */
const beRefused = async (page: Page) => {
  await page.getByText("Who keeps the seat").click()
  const alt = page.locator("#kept label").filter({ hasText: "(alt)" }).first()
  const [, name, group] = /^(.+) \(alt\), (group \d)$/.exec((await alt.textContent())!)!
  await alt.getByRole("checkbox").check()
  await begin(page, 5, true)
  const why = "That character is not offered. It is about:"
  await message(page, `No plan can fulfil these wishes together. ${why} ${name} in ${group}.`)
  assert.ok(await page.locator("#new-composition").isVisible())
  await alt.getByRole("checkbox").uncheck()
}

/** Others are composed on the same server: one, and two that wait. */
const beBusy = async (page: Page) => {
  const plan = page.url().split("/").at(-1)!
  const ids = await page.evaluate<ReadonlyArray<string>>(`(async () => {
    const { call } = await import("/common.js")
    const ids = []
    for (const _ of [1, 2, 3]) ids.push((await call("POST", "/plans/${plan}/compose", {})).composition.id)
    return ids
  })()`)
  await begin(page, 5)
  await message(page, /^Others are being composed\. .* It is worth a try in \d+ s\.$/)
  await page.evaluate(`(async () => {
    const { call } = await import("/common.js")
    for (const id of ${JSON.stringify(ids)}.toReversed()) await call("DELETE", "/plans/${plan}/compositions/" + id)
  })()`)
}

/** Two raids of the same players, as good as each other. */
const composeTwo = async (page: Page) => {
  await following(page, "All plans")
  const form = page.locator("#new-plan")
  await form.getByLabel("Plan", { exact: true }).fill("Thursday")
  await form.getByLabel("Raid", { exact: true }).fill("Karazhan")
  await form.getByLabel("Seats").selectOption("10")
  await form.getByLabel("Raids at once").fill("2")
  await pressing(page, "Make the plan")
  await live(page, "#plan-live")
  await page.locator("#compose > summary").click()
  assert.ok(await page.locator("#answer").isHidden())
  await page.getByLabel("Raids as good as each other").check()
  await begin(page, 4)
  await state(page, /^(Optimal|At most|How far)/, 20_000)
  await page.getByRole("button", { name: "Accept" }).waitFor()
  const moves = await rows(page, "moves")
  assert.equal(moves.length, 20)
  for (const title of ["Karazhan A", "Karazhan B"]) {
    const there = moves.filter(([, from, to]) => from === "the roster" && to!.endsWith(` of ${title}`))
    assert.equal(there.length, 10, moves.join("\n"))
  }
  await pressing(page, "Accept")
  await message(page, "The plan is as it was composed, at revision 2.")
  assert.equal(await page.locator("#board .group .seat.free").count(), 0)
}

/** A raider sees the plan, and cannot have it composed. */
const asRaider = async (page: Page, frontend: string) => {
  await pressing(page, "Log out")
  await page.getByText("You are logged out.").waitFor()
  await signIn(page, frontend, "Cyra")
  await openSeeded(page)
  assert.ok(await page.locator("#compose").isHidden())
}

/** Refusals are part of the walk; a stream of events ends when its window goes elsewhere. */
const expected = /(console: Failed to load resource: .* (412|422|429)|(412|422|429): |failed: .*\/events )/

const work = async (page: Page, other: Page, frontend: string) => {
  const complaints = [page, other].map(complaintsOf)
  await signIn(page, frontend, "Borin")
  await openSeeded(page)
  await composeThroughAReload(page)
  const gap = await gapOf(page)
  await readTheAnswer(page)
  await useAPhone(page)
  await drop(page)
  await signIn(other, frontend, "Aldra")
  await openSeeded(other)
  await accept(page, other)
  const stopped = await stop(page)
  assert.ok(stopped < 1000, `stopped after ${stopped} ms`)
  await beRefused(page)
  await beBusy(page)
  await composeTwo(page)
  await asRaider(page, frontend)
  assert.deepEqual(
    complaints.flat().filter((complaint) => !expected.test(complaint)),
    []
  )
  return `with a gap of ${gap} points; one is stopped in ${Math.round(stopped)} ms`
}

const browser = await launch()
const folder = await demoFolder()
const demo = await startDemo({ folder: folder.path })
try {
  const pages = await Promise.all(
    [1, 2].map(async () => {
      const page = await (await browser.newContext({ viewport: { width: 1280, height: 1000 } })).newPage()
      page.setDefaultTimeout(10_000)
      return page
    })
  )
  const told = await work(pages[0]!, pages[1]!, demo.frontend)
  process.stdout.write(`The seeded raid is composed in a browser ${told}; its picture is in docs/compose.png.\n`)
} finally {
  await browser.close()
  await demo.end("SIGINT")
  await folder.remove()
}
