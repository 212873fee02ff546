import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { chromium, type Page } from "../tools/playwright.ts"

const executablePath = process.env.CHROMIUM_PATH || "/usr/bin/chromium"

const words = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-lcd-text",
  "--disable-quic",
  "--no-first-run",
  "--disable-sync"
]
words.push("--disable-background-networking", "--disable-component-update")

/** Faults that a person would not see: errors on the console, and failed requests. */
export const complaintsOf = (page: Page) => {
  const found: Array<string> = []
  // The page asks for the session to learn whether anyone is signed in, so this 401 is expected.
  const expected = (status: number, url: string) => status === 401 && url.endsWith("/api/v1/auth/session")
  page.on("pageerror", (error) => found.push(`error: ${error.message}`))
  page.on("requestfailed", (request) => found.push(`failed: ${request.url()} ${request.failure()?.errorText}`))
  page.on("response", (response) => {
    if (response.status() >= 400 && !expected(response.status(), response.url()))
      found.push(`${response.status()}: ${response.url()}`)
  })
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !expected(401, message.location().url))
      found.push(`console: ${message.text()}`)
  })
  return found
}

/** A browser; without one the process ends and says how to get it. */
export const launch = () => {
  if (!existsSync(executablePath)) {
    process.stderr.write(
      `There is no Chromium at ${executablePath}: apt-get install chromium, or set CHROMIUM_PATH to one.\n`
    )
    process.exit(1)
  }
  return chromium.launch({ executablePath, args: words })
}

export const pressing = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click()

export const following = (page: Page, name: string) => page.getByRole("link", { name, exact: true }).click()

export const signIn = async (page: Page, frontend: string, name = "Cyra") => {
  await page.goto(frontend)
  await pressing(page, "Sign in with Discord")
  await page.getByRole("link", { name: `Sign in as ${name}` }).click()
  await page.getByText(`${name}, signed in until`).waitFor()
  assert.equal(page.url(), `${frontend}/`)
}
