import { $, call, download, on, say } from "./common.js"

const exporting = on(async () => {
  await download("/account/export", "account.json")
  say("Your data is saved.")
})

/** Guilds that need another admin are named. */
const deleting = (whenDeleted) =>
  on(async ({ target }) => {
    const { events_until: end } = await call("DELETE", "/account", Object.fromEntries(new FormData(target))).catch(
      (error) => {
        const names = error.details?.guilds?.map(({ name }) => name).join(", ")
        if (names !== undefined) error.message += ` It is: ${names}.`
        throw error
      }
    )
    target.reset()
    whenDeleted()
    const until = new Date(end).toLocaleDateString(undefined, { dateStyle: "medium" })
    say(`Your account is deleted. Security events without your name are kept until ${until}.`)
  })

/** One's own data, to take home and to delete. */
export const beginAccount = (whenDeleted) => {
  $("export-account").addEventListener("click", exporting)
  $("delete-account").addEventListener("submit", deleting(whenDeleted))
}
