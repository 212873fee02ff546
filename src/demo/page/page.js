import { beginAccount } from "./account.js"
import { $, address, call, element, home, on, onSignedOut, percent, planAddress, row, say } from "./common.js"
import { itemOf } from "./facts.js"
import { closePlan, openPlan } from "./plan.js"
import { openPlans } from "./plans.js"
import { closeRoster, openRoster, readRoster } from "./roster.js"
import { words } from "./seats.js"
import { openShared, sharedToken } from "./shared.js"

const show = (...ids) => {
  for (const section of document.querySelectorAll("main > section")) section.hidden = !ids.includes(section.id)
}

/** The signed-in user, their guilds, and the ids of what is open. */
let me
let guilds = []
let shownGuild
let shown

const showWelcome = () => {
  me = undefined
  shownGuild = undefined
  closeRoster()
  closePlan()
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
  $("character-kind").textContent = `${character.race} ${character.class}, ${words(character.spec)}`
  $("profile").textContent = profileText(battlenet)
  $("logs").textContent = logsText(warcraftlogs)

  const { rankings, gear } = warcraftlogs ?? { rankings: [], gear: [] }
  $("found").hidden = rankings.length + gear.length === 0
  $("parses").tBodies[0].replaceChildren(
    ...rankings.map((parse) =>
      row(parse.encounter_name, percent(parse.rank_percent), percent(parse.median_percent), parse.total_kills)
    )
  )
  const { game_version: game, membership_role: role } = guilds.find((one) => one.id === shownGuild)
  $("gear").tBodies[0].replaceChildren(
    ...gear.map((item) => row(slots[item.slot - 1] ?? item.slot, itemOf(game, item), item.itemLevel))
  )

  $("refreshes").hidden = character.user_id !== me.id && !["officer", "admin"].includes(role)
}

const refresh = (provider, name) =>
  on(async () => {
    say(`Asking ${name}…`)
    await call("POST", `/characters/${shown}/${provider}/refresh`)
    await openCharacter(shown)
    await readRoster()
    say(`${name} has answered.`)
  })

const listGuilds = async () => {
  guilds = (await call("GET", "/guilds")).guilds
  const lines = guilds.map(({ id, name, realm, membership_role: role }) => {
    const facts = element("small", {}, `${realm}, ${role}`)
    return element("li", {}, element("a", { href: address(id) }, name), " ", facts)
  })
  $("guild-list").replaceChildren(...(lines.length > 0 ? lines : [element("li", {}, "You are in no guild yet.")]))
}

const openPart = (part) => {
  if (part === undefined) return
  $(part).open = true
  $(part).scrollIntoView()
  $(part).firstElementChild.focus()
}

const planView = /^#\/guilds\/([\w-]+)\/plans(?:\/([\w-]+))?$/
const view = /^#\/guilds\/([\w-]+)\/roster(?:\/(add|import|history|keys)|\/characters\/([\w-]+))?$/
let turns = 0

const guildOf = (id) => {
  const guild = guilds.find((one) => one.id === id)
  if (guild === undefined) throw new Error("You are in no such guild.")
  return guild
}

const openGuild = async (id, isLatest) => {
  if (shownGuild === id) return
  const guild = guildOf(id)
  show("guilds")
  shownGuild = undefined
  await openRoster(guild, me)
  if (isLatest()) shownGuild = id
}

const routePlans = async (id, plan, isLatest) => {
  const guild = guildOf(id)
  $("plan-back").href = planAddress(id)
  $("plans-back").href = address(id)
  await (plan === undefined ? openPlans(guild) : openPlan(guild, plan, isLatest))
  if (!isLatest()) return
  show(...(plan === undefined ? ["guilds", "plans"] : ["plan"]))
  const heading = $(plan === undefined ? "plans-title" : "plan-title")
  document.title = `${heading.textContent} · Raid composition`
  heading.focus()
}

/** Shows what the address says. Whoever goes on before it is there sees the later place only. */
const route = async () => {
  if (me === undefined) return
  const turn = (turns += 1)
  const isLatest = () => turn === turns
  const [, guild, part, character] = view.exec(location.hash) ?? []
  const [, planGuild, plan] = planView.exec(location.hash) ?? []
  document.title = "Raid composition"
  closePlan()
  if (planGuild !== undefined) {
    await routePlans(planGuild, plan, isLatest)
    return
  }
  if (guild === undefined) {
    shownGuild = undefined
    show("guilds")
    return
  }
  await openGuild(guild, isLatest)
  if (character !== undefined && isLatest()) await openCharacter(character)
  if (!isLatest()) return
  show("guilds", "roster", ...(character === undefined ? [] : ["character"]))
  const heading = $(character === undefined ? "roster-title" : "character-name")
  document.title = `${heading.textContent} · Raid composition`
  heading.focus({ preventScroll: character === undefined })
  openPart(part)
}

const showFault = (error) => {
  if (error.status === 401) showWelcome()
  say(error.message)
}

window.addEventListener("hashchange", () => {
  say("")
  route().catch(showFault)
})

$("parts").addEventListener("click", ({ target }) => {
  if (target.hash === location.hash) openPart(view.exec(target.hash)?.[2])
})

const showSession = async () => {
  const { user, session } = await call("GET", "/auth/session")
  me = user
  const until = new Date(session.expires_at).toLocaleDateString(undefined, { dateStyle: "medium" })
  $("who").textContent = `${user.discord.global_name ?? user.discord.username}, signed in until ${until}`
  $("session").hidden = false
  await listGuilds()
  await route().catch(showFault)
}

const signIn = on(async () => {
  const { url } = await call("GET", `/auth/discord/url?return_to=${encodeURIComponent(`/${location.hash}`)}`)
  location.assign(url)
})

const leave = () => {
  showWelcome()
  history.replaceState(null, "", "/")
}

const logOut = on(async () => {
  await call("POST", "/auth/logout")
  leave()
  say("You are logged out.")
})

const makeGuild = on(async ({ target }) => {
  const { guild } = await call("POST", "/guilds", Object.fromEntries(new FormData(target)))
  target.reset()
  await listGuilds()
  history.pushState(null, "", address(guild.id))
  await route()
  say(`${guild.name} is made.`)
})

onSignedOut(showWelcome)
$("sign-in").addEventListener("click", signIn)
$("log-out").addEventListener("click", logOut)
$("new-guild").addEventListener("submit", makeGuild)
beginAccount(leave)
$("refresh-battlenet").addEventListener("click", refresh("battlenet", "Battle.net"))
$("refresh-warcraftlogs").addEventListener("click", refresh("warcraftlogs", "Warcraft Logs"))

/** Discord redirects back with a code, or with an error if the user declined; the API knows where the page was. */
const endSignIn = async () => {
  const { code, state, error } = Object.fromEntries(new URLSearchParams(location.search))
  let place = `/${location.hash}`
  try {
    if (error !== undefined) say("Sign-in was cancelled.")
    if (code !== undefined) place = (await call("POST", "/auth/discord/callback", { code, state })) ?? place
  } finally {
    history.replaceState(null, "", place)
  }
}

/** Cookies belong to a host name: under another one nobody could sign in. */
const sendHome = () => {
  $("home").href = `${home}/${location.hash}`
  $("home").textContent = home
  show("elsewhere")
}

const begin = async () => {
  await endSignIn().catch((error) => say(error.message))
  await showSession().catch((error) => {
    showWelcome()
    if (error.status !== 401) say(error.message)
  })
}

/** A link is for people without an account. */
const beginShared = async () => {
  await openShared(sharedToken).catch((error) => say(error.message))
  show("shared")
}

if (location.origin !== home) sendHome()
else await (sharedToken === undefined ? begin() : beginShared())
