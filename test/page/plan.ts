import assert from "node:assert/strict"
import { fileURLToPath } from "node:url"
import type { Page } from "../tools/playwright.ts"
import { demoFolder, startDemo } from "../demo/demoProcess.ts"
import { complaintsOf, following, launch, pressing, signIn } from "./Chromium.ts"

/*
 * Officers arrange a raid on the board, in a browser: by mouse, by keyboard and on a phone, in two windows at once. Takes
 * the README's picture.
 */

const picture = fileURLToPath(new URL("../../docs/plan.png", import.meta.url))

/** A seat with who sits there, "free" if nobody does. */
const seat = (page: Page, group: number, slot: number, who: string) =>
  page.locator("#board").getByRole("button", { name: `Group ${group}, seat ${slot}: ${who}` })
const pooled = (page: Page, name: string) =>
  page.locator("#pool").getByRole("button", { name: new RegExp(`^${name},`) })
const focused = (page: Page) => page.evaluate<string>("document.activeElement.ariaLabel")

const points = async (page: Page, at: string) => {
  const worth = page.locator(`[data-coverage="${at}"] .worth strong`)
  await worth.waitFor()
  return Number((await worth.textContent())!.replaceAll(/\D/g, ""))
}

/** The points that a sentence says are gained or lost. */
const gain = (sentence: string | null) => {
  const [, sign, number] = /([+−±])([\d,]+) points/.exec(sentence ?? "") ?? assert.fail(`no points: ${sentence}`)
  return Number(number!.replaceAll(",", "")) * (sign === "−" ? -1 : 1)
}

const message = async (page: Page, text: string | RegExp) => {
  await page.locator("#message").filter({ hasText: text }).waitFor()
  return page.locator("#message").textContent()
}

const openPlans = async (page: Page) => {
  await following(page, "Ashen Vanguard")
  await following(page, "Plans")
  await page.getByRole("heading", { name: "Ashen Vanguard: plans" }).waitFor()
}

const create = async (page: Page) => {
  await openPlans(page)
  const form = page.locator("#new-plan")
  await form.getByLabel("Plan", { exact: true }).fill("Thursday <3")
  await form.getByLabel("Raid", { exact: true }).fill("Karazhan")
  await form.getByLabel("Seats").selectOption("10")
  await form.getByLabel("Raids at once").fill("2")
  await pressing(page, "Make the plan")
  await page.getByRole("heading", { name: "Thursday <3" }).waitFor()
  assert.equal(await page.locator("#board .raid").count(), 2)
  assert.equal(await page.locator("#board .seat.free").count(), 22)
  await page
    .locator("#plan-live")
    .filter({ hasText: /^live$/ })
    .waitFor()
  await following(page, "All plans")
  await page
    .getByRole("listitem")
    .filter({ hasText: "Thursday <3" })
    .filter({ hasText: "Karazhan A: 0 of 10" })
    .waitFor()
}

const openSeeded = async (page: Page) => {
  await following(page, "Wednesday")
  await page.getByRole("heading", { name: "Wednesday" }).waitFor()
  await seat(page, 1, 1, "Aldrakh").waitFor()
  await page
    .locator("#plan-live")
    .filter({ hasText: /^live$/ })
    .waitFor()
}

/** An enhancement shaman comes to the melees: the parties' coverage changes by what was foretold. */
const moveByMouse = async (page: Page) => {
  const before = [await points(page, "0"), await points(page, "0.0")]
  await seat(page, 2, 4, "Dorvekka").dragTo(seat(page, 5, 5, "free"))
  const lost = gain(await message(page, /^Dorvekka to group 5, seat 5: .* points/))
  await seat(page, 5, 5, "Dorvekka").waitFor()
  await seat(page, 2, 4, "free").waitFor()
  assert.equal((await points(page, "0")) - before[0]!, lost)
  assert.ok(lost < 0, `windfury for healers gains ${lost} points`)
  // A taken seat is exchanged.
  await seat(page, 5, 5, "Dorvekka").dragTo(seat(page, 1, 5, "Раскогром"))
  await message(page, /^Dorvekka to group 1, seat 5: .* points/)
  await seat(page, 5, 5, "Раскогром").waitFor()
  assert.notEqual(await points(page, "0.0"), before[1])
}

/** From the roster into a free seat, with the gain told before; then to the bench by the menu, and out of the plan. */
const moveByKeyboard = async (page: Page) => {
  await page.locator("#pool-find").fill("wulfspark")
  await page.keyboard.press("Tab")
  assert.match(await focused(page), /^Wulfspark,/)
  await page.keyboard.press("Enter")
  await page.getByRole("group", { name: "Picked up" }).getByText("Wulfspark").waitFor()
  await page.keyboard.press("Escape")
  assert.ok(await page.getByRole("group", { name: "Picked up" }).isHidden())
  assert.match(await focused(page), /^Wulfspark,/)
  await page.keyboard.press("Enter")
  // To the board and along its seats with the arrows, to the only free one of the fourth group.
  await page.keyboard.press("ArrowLeft")
  assert.match(await focused(page), /^Group|^The bench/)
  for (let step = 0; step < 30 && (await focused(page)) !== "Group 4, seat 5: free"; step++) {
    const aim = await seat(page, 4, 5, "free").boundingBox()
    const here = await page.locator(":focus").boundingBox()
    const [right, down] = [aim!.x - here!.x, aim!.y - here!.y]
    await page.keyboard.press(
      Math.abs(right) > 20 ? (right > 0 ? "ArrowRight" : "ArrowLeft") : down > 0 ? "ArrowDown" : "ArrowUp"
    )
  }
  assert.equal(await focused(page), "Group 4, seat 5: free")
  const foretold = gain(
    await page
      .locator("#preview")
      .filter({ hasText: /^to group 4, seat 5: .* points/ })
      .textContent()
  )
  const before = await points(page, "0")
  await page.keyboard.press("Enter")
  assert.equal(gain(await message(page, /^Wulfspark to group 4, seat 5: .* points/)), foretold)
  assert.equal((await points(page, "0")) - before, foretold)
  assert.ok(foretold > 0, `a shaman gains ${foretold} points`)
  assert.match(await focused(page), /^Group 4, seat 5: Wulfspark/)
  await page.keyboard.press("Enter")
  await page.getByRole("button", { name: "Move to…" }).focus()
  await page.keyboard.press("Enter")
  const dialog = page.getByRole("dialog", { name: "Where does Wulfspark go?" })
  await dialog.getByRole("combobox").selectOption("the bench")
  await dialog.getByRole("button", { name: "Save" }).press("Enter")
  assert.equal(gain(await message(page, /^Wulfspark to the bench: .* points/)), -foretold)
  await dialog.waitFor({ state: "hidden" })
  assert.match(await focused(page), /^The bench: Wulfspark/)
  await page.keyboard.press("Enter")
  await page.getByRole("button", { name: "Take out" }).press("Enter")
  await message(page, /^Wulfspark out of the plan: /)
  await page.locator("#pool-find").fill("")
  await pooled(page, "Wulfspark").waitFor()
}

const setSpec = async (page: Page) => {
  await seat(page, 2, 2, "Zorbashk, Fury").click()
  await page.locator("#held-spec").selectOption("Arms")
  await message(page, /^Zorbashk plays Arms: /)
  await seat(page, 2, 2, "Zorbashk, Arms").waitFor()
}

/** A rule of the plan is told, and by whom it would be broken. */
const seeRule = async (page: Page) => {
  await pooled(page, "Aldrasong").click()
  await seat(page, 4, 5, "free").click()
  await message(page, "Aldrasong: A player can be in a raid once.")
  await seat(page, 4, 5, "free").waitFor()
}

/** What one window writes, the other shows; what is written at the same moment is told, and is taken or written again. */
const meetAnotherOfficer = async (page: Page, other: Page) => {
  await seat(page, 3, 1, "Cyrandel").click()
  await seat(page, 4, 5, "free").click()
  await message(page, /^Cyrandel to group 4, seat 5: /)
  await seat(other, 4, 5, "Cyrandel").waitFor()
  await seat(other, 3, 1, "free").waitFor()

  for (const [answer, place] of [
    ["Take theirs", 4],
    ["Write mine again", 3]
  ] as const) {
    let go = () => {}
    const isWritten = new Promise<void>((resolve) => {
      go = resolve
    })
    let isHeld = () => {}
    const held = new Promise<void>((resolve) => {
      isHeld = resolve
    })
    await page.route(/\/plans\/[\w-]+$/, async (route) => {
      if (route.request().method() === "PATCH") {
        isHeld()
        await isWritten
      }
      await route.continue()
    })
    await seat(page, 4, 5, "Cyrandel").click()
    await seat(page, 3, 1, "free").click()
    await held
    const [name, from, to] = answer === "Take theirs" ? ["Isharae", 2, "free"] : ["Mirêlle", 2, "free"]
    const group = answer === "Take theirs" ? 4 : 5
    await seat(other, group, from, name).click()
    await other.getByRole("button", { name: "Take out" }).click()
    await message(other, `${name} out of the plan`)
    go()
    await page.unrouteAll({ behavior: "wait" })
    const dialog = page.getByRole("dialog", { name: "Aldra wrote the plan meanwhile" })
    await dialog.getByText(`Aldra meanwhile: ${name} taken out.`).waitFor()
    const rows = dialog.locator("tbody tr")
    assert.deepEqual(await rows.allTextContents(), [
      "group 3, seat 1freeCyrandel (Arcane)",
      "group 4, seat 5Cyrandel (Arcane)free"
    ])
    await dialog.getByRole("button", { name: answer }).click()
    await seat(page, place, place === 4 ? 5 : 1, "Cyrandel").waitFor()
    await seat(page, group, from, to).waitFor()
    await seat(other, place, place === 4 ? 5 : 1, "Cyrandel").waitFor()
  }
}

const restore = async (page: Page, other: Page) => {
  await page.getByText("Revisions", { exact: true }).click()
  await page.locator("#revisions li").filter({ hasText: "Mirêlle taken out." }).filter({ hasText: "Aldra" }).waitFor()
  await pressing(page, "Restore revision 1")
  await message(page, "The plan is as it was at revision 1.")
  await seat(page, 1, 5, "Раскогром").waitFor()
  await seat(page, 2, 2, "Zorbashk, Fury").waitFor()
  await seat(other, 5, 2, "Mirêlle").waitFor()
}

const share = async (page: Page) => {
  await page.getByText("Links for people without an account").click()
  await pressing(page, "Make a link")
  await message(page, "This link is shown once: copy it now.")
  const link = await page.getByLabel("Link", { exact: true }).inputValue()
  await page.locator("#shares li").filter({ hasText: "without end" }).waitFor()
  await page.getByText("Export", { exact: true }).click()
  await pressing(page, "For Discord")
  await page.locator("#exported").waitFor()
  assert.match(await page.locator("#exported").inputValue(), /\*\*Wednesday\*\*[^]*Aldrakh/)
  return link
}

const useAPhone = async (page: Page) => {
  await page.setViewportSize({ width: 375, height: 700 })
  const width = Number(await page.evaluate(`document.querySelector("html").scrollWidth`))
  assert.ok(width <= 375, `the page is ${width} wide on a phone`)
  await seat(page, 3, 1, "Cyrandel").tap()
  await seat(page, 5, 5, "free").tap()
  await message(page, /^Cyrandel to group 5, seat 5: /)
}

/** Without an account, and no longer when the link is revoked. */
const openLink = async (page: Page, link: string, visitor: Page) => {
  await visitor.goto(link)
  await visitor.getByRole("heading", { name: "Wednesday" }).waitFor()
  await visitor.getByText("Aldrakh Protection Warrior").waitFor()
  assert.equal(await visitor.getByRole("button").count(), 0)
  await pressing(page, "revoke")
  await message(page, "The link shows nothing any more.")
  // Another browser: the first may keep what it saw for ten seconds.
  const late = await visitor.context().browser()!.newPage()
  await late.goto(link)
  await late.getByText("This link does not exist or is no longer valid.").waitFor()
  await late.close()
}

/** Refusals are part of the walk; a stream of events ends when its window goes elsewhere. */
const expected = /(console: Failed to load resource: .* (404|409|412)|(404|409|412): |failed: .*\/events )/

const work = async (page: Page, other: Page, visitor: Page, frontend: string) => {
  const complaints = [page, other, visitor].map(complaintsOf)
  await signIn(page, frontend, "Borin")
  await create(page)
  await openSeeded(page)
  await page.screenshot({ path: picture })
  await moveByMouse(page)
  await moveByKeyboard(page)
  await setSpec(page)
  await seeRule(page)
  await signIn(other, frontend, "Aldra")
  await other.goto(page.url())
  await other
    .locator("#plan-live")
    .filter({ hasText: /^live$/ })
    .waitFor()
  await meetAnotherOfficer(page, other)
  await restore(page, other)
  const link = await share(page)
  await useAPhone(page)
  await openLink(page, link, visitor)
  assert.deepEqual(
    complaints.flat().filter((complaint) => !expected.test(complaint)),
    []
  )
}

const browser = await launch()
const folder = await demoFolder()
const demo = await startDemo({ folder: folder.path })
try {
  const pages = await Promise.all(
    [1, 2, 3].map(async () => {
      const page = await (
        await browser.newContext({ viewport: { width: 1280, height: 1000 }, hasTouch: true })
      ).newPage()
      page.setDefaultTimeout(10_000)
      return page
    })
  )
  await work(pages[0]!, pages[1]!, pages[2]!, demo.frontend)
  process.stdout.write("Officers' work on a plan goes through; its picture is in docs/plan.png.\n")
} finally {
  await browser.close()
  await demo.end("SIGINT")
  await folder.remove()
}
