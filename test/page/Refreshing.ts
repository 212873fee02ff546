import { setTimeout } from "node:timers/promises"
import type { Page } from "../tools/playwright.ts"
import { following } from "./Chromium.ts"

/* What the page shows of a roster's refresh. */

export const openGuild = async (page: Page) => {
  await following(page, "Ashen Vanguard")
  await page.getByRole("heading", { name: /^Ashen Vanguard: \d+ characters$/ }).waitFor()
}

export const begin = async (page: Page, what: string) => {
  await page.getByLabel("Read what is").selectOption(what)
  await page.getByRole("button", { name: "Refresh the roster" }).click()
}

/** Waits for what is announced. */
export const state = (page: Page, text: string | RegExp) =>
  page.locator("#refresh-state").filter({ hasText: text }).waitFor()

export const ended = (page: Page) => page.getByText(/^Refreshed at .*; \d+ failed\.$/).waitFor({ timeout: 60_000 })

/** How many are settled, of how many. */
export const barOf = (page: Page, provider: "warcraftlogs" | "battlenet") =>
  page.evaluate<{ readonly value: number; readonly max: number }>(
    `(({ value, max }) => ({ value, max }))(document.querySelector("#bar-${provider}"))`
  )

/** Waits until this share of a provider's parts is settled, while some are not, and tells how many are. */
export const reaches = async (page: Page, provider: "warcraftlogs" | "battlenet", share: number) => {
  for (const since = performance.now(); ; await setTimeout(20)) {
    const { value, max } = await barOf(page, provider)
    if (value === max || performance.now() - since > 20_000) throw new Error(`${value} of ${max} at ${provider}`)
    if (value >= share * max) return value
  }
}

export const sum = async (page: Page, provider: "warcraftlogs" | "battlenet") =>
  (await page.locator(`#sum-${provider}`).textContent()) ?? ""

/** Name, and outcome at each provider, of each character in the list. */
export const outcomes = (page: Page) =>
  page.evaluate<ReadonlyArray<ReadonlyArray<string>>>(
    `[...document.querySelector("#refresh-rows").rows].map((row) => [...row.cells].map((cell) => cell.textContent))`
  )
