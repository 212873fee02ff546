import { $, call, element, on, onSignedOut, percent, row, say } from "./common.js"
import { openRoster } from "./roster.js"

const show = (...ids) => {
  for (const section of document.querySelectorAll("main > section")) section.hidden = !ids.includes(section.id)
}

/** The signed-in user, and the id of the open character. */
let me
let shown

const showWelcome = () => {
  $("session").hidden = true
  show("welcome")
}

const slots = ["Head", "Neck", "Shoulder", "Shirt", "Chest", "Waist", "Legs", "Feet", "Wrist", "Hands"]
slots.push("Finger", "Finger", "Trinket", "Trinket", "Back", "Main hand", "Off hand", "Ranged", "Tabard")

const profileText = (profile) => {
  if (profile === null) return "Not asked yet."
  return (
    profile.error ?? `Level ${profile.level}, item level ${profile.equipped_item_level}, ${profile.active_spec_name}`
  )
}

const logsText = (logs) => {
  if (logs === null) return "Not asked yet."
  const average = logs.best_performance_average?.toFixed(1) ?? "none"
  return logs.error ?? `Best average ${average} (${logs.metric}), ${logs.total_kills} kills`
}

const openCharacter = async (id) => {
  const { character } = await call("GET", `/characters/${id}`)
  shown = id
  const { battlenet, warcraftlogs } = character
  $("character-name").textContent = character.name
  $("character-kind").textContent = `${character.race} ${character.class}, ${character.spec}`
  $("profile").textContent = profileText(battlenet)
  $("logs").textContent = logsText(warcraftlogs)

  const { rankings, gear } = warcraftlogs ?? { rankings: [], gear: [] }
  $("found").hidden = rankings.length + gear.length === 0
  $("parses").tBodies[0].replaceChildren(
    ...rankings.map((parse) =>
      row(parse.encounter_name, percent(parse.rank_percent), percent(parse.median_percent), parse.total_kills)
    )
  )
  $("gear").tBodies[0].replaceChildren(
    ...gear.map((item) => {
      const name = element("span", { className: `q${item.quality}` }, item.id)
      return row(slots[item.slot - 1] ?? item.slot, name, item.itemLevel, item.gems?.length)
    })
  )

  // Only the owner may refresh a character.
  $("refreshes").hidden = character.user_id !== me.id
  show("guilds", "roster", "character")
}

const refresh = (provider, name) =>
  on(async () => {
    say(`Asking ${name}…`)
    await call("POST", `/characters/${shown}/${provider}/refresh`)
    await openCharacter(shown)
    say(`${name} has answered.`)
  })

const openGuild = async (guild) => {
  await openRoster(guild, me, async (id) => {
    await openCharacter(id)
    $("character-name").focus()
  })
  show("guilds", "roster")
}

const listGuilds = async () => {
  const { guilds } = await call("GET", "/guilds")
  const lines = guilds.map((guild) => {
    const onclick = on(() => openGuild(guild))
    const facts = element("small", {}, `${guild.realm}, ${guild.membership_role}`)
    return element("li", {}, element("button", { className: "link", onclick }, guild.name), " ", facts)
  })
  $("guild-list").replaceChildren(...(lines.length > 0 ? lines : [element("li", {}, "You are in no guild yet.")]))
}

const showSession = async () => {
  const { user, session } = await call("GET", "/auth/session")
  me = user
  const until = new Date(session.expires_at).toLocaleDateString(undefined, { dateStyle: "medium" })
  $("who").textContent = `${user.discord.global_name ?? user.discord.username}, signed in until ${until}`
  $("session").hidden = false
  await listGuilds()
  show("guilds")
}

const signIn = on(async () => {
  const { url } = await call("GET", "/auth/discord/url")
  location.assign(url)
})

const logOut = on(async () => {
  await call("POST", "/auth/logout")
  showWelcome()
  say("You are logged out.")
})

const makeGuild = on(async ({ target }) => {
  const { guild } = await call("POST", "/guilds", Object.fromEntries(new FormData(target)))
  target.reset()
  await listGuilds()
  await openGuild(guild)
  say(`${guild.name} is made.`)
})

onSignedOut(showWelcome)
$("sign-in").addEventListener("click", signIn)
$("log-out").addEventListener("click", logOut)
$("new-guild").addEventListener("submit", makeGuild)
$("refresh-battlenet").addEventListener("click", refresh("battlenet", "Battle.net"))
$("refresh-warcraftlogs").addEventListener("click", refresh("warcraftlogs", "Warcraft Logs"))

/** Discord redirects back with a code, or with an error if the user declined. */
const endSignIn = async () => {
  const { code, state, error } = Object.fromEntries(new URLSearchParams(location.search))
  history.replaceState(null, "", "/")
  if (error !== undefined) say("Sign-in was cancelled.")
  if (code !== undefined) await call("POST", "/auth/discord/callback", { code, state })
}

await endSignIn().catch((error) => say(error.message))
await showSession().catch((error) => {
  showWelcome()
  if (error.status !== 401) say(error.message)
})
