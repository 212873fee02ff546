import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import type { Page } from "../tools/playwright.ts"
import { demoFolder, startDemo } from "../demo/demoProcess.ts"
import { complaintsOf, launch, pressing, signIn } from "./Chromium.ts"

/* A person takes their data home and deletes their account, in a browser; a last admin is told which guild needs another. */

const openAccount = (page: Page) => page.getByText("My account", { exact: true }).click()

const exported = async (page: Page) => {
  const [file] = await Promise.all([page.waitForEvent("download"), pressing(page, "Export my data")])
  assert.equal(file.suggestedFilename(), "account.json")
  return JSON.parse(await readFile(await file.path(), "utf8")) as {
    readonly profile: { readonly username: string }
    readonly memberships: ReadonlyArray<unknown>
    readonly characters: ReadonlyArray<unknown>
  }
}

const remove = async (page: Page, name: string) => {
  await page.getByLabel("Your Discord username").fill(name)
  await pressing(page, "Delete my account")
}

const asRaider = async (page: Page, frontend: string) => {
  await signIn(page, frontend)
  await openAccount(page)
  const { profile, memberships, characters } = await exported(page)
  assert.ok(memberships.length > 0 && characters.length > 0)
  await remove(page, "somebody else")
  await page.getByText("To delete your account, send your Discord username as confirm.").waitFor()
  await remove(page, profile.username)
  await page.getByText(/^Your account is deleted\. .* kept until /).waitFor()
  await page.getByRole("button", { name: "Sign in with Discord" }).waitFor()
  await signIn(page, frontend)
  await page.getByText("You are in no guild yet.").waitFor()
  await openAccount(page)
  assert.deepEqual((await exported(page)).characters, [])
  await pressing(page, "Log out")
  await page.getByText("You are logged out.").waitFor()
}

const asLastAdmin = async (page: Page, frontend: string) => {
  await signIn(page, frontend, "Aldra")
  await openAccount(page)
  const { profile } = await exported(page)
  await remove(page, profile.username)
  await page.getByText(/You are the last admin of a guild\. .* It is: Ashen Vanguard\./).waitFor()
}

/** What is refused is a complaint of the browser's too. */
const refusals = /^(console: Failed to load resource: .* (409|422)|(409|422): )/

const browser = await launch()
const folder = await demoFolder()
const demo = await startDemo({ folder: folder.path })
try {
  const page = await browser.newPage()
  page.setDefaultTimeout(10_000)
  const complaints = complaintsOf(page)
  await asRaider(page, demo.frontend)
  await asLastAdmin(page, demo.frontend)
  assert.deepEqual(
    complaints.filter((complaint) => !refusals.test(complaint)),
    []
  )
  process.stdout.write("One's own data is exported and the account deleted; a last admin is told of the guild.\n")
} finally {
  await browser.close()
  await demo.end("SIGINT")
  await folder.remove()
}
