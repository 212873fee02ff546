import {
  charactersRefreshBattlenet,
  guildsCharacters,
  sessionsCurrent,
  signInCallback,
  signInUrl
} from "./orval.generated.ts"
import { browser, consent, roster } from "./browser.ts"

globalThis.fetch = browser()

const begun = await signInUrl()
if (begun.status !== 200) throw new Error(begun.data.error.code)
const signed = await signInCallback(await consent(begun.data.url))
if (signed.status !== 204) throw new Error(signed.data.error.code)
const session = await sessionsCurrent()
if (session.status !== 200) throw new Error(session.data.error.code)
const listed = await guildsCharacters(roster)
if (listed.status !== 200) throw new Error(`The roster answered ${listed.status}.`)
const character = listed.data.characters.find(({ user_id }) => user_id === session.data.user.id)!
const refreshed = await charactersRefreshBattlenet(character.id)
if (refreshed.status !== 200) throw new Error(refreshed.data.error.code)
const level: number | null = refreshed.data.battlenet.level
process.stdout.write(`${character.name} has level ${level}.\n`)
