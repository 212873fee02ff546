// The shortest example of using the API from a browser: cookies travel by themselves, changes carry the CSRF token.
const api = "__API__"

const $ = (id) => document.getElementById(id)

const cookie = (name) =>
  document.cookie
    .split("; ")
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1)

/** One call; a failure is thrown with the sentence the API gives for people. */
const call = async (method, path, body) => {
  const response = await fetch(api + path, {
    method,
    credentials: "include",
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(method === "GET" ? {} : { "x-csrf-token": cookie("csrf") ?? "" })
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  const answer = response.status === 204 ? undefined : await response.json()
  if (!response.ok) throw Object.assign(new Error(answer.error.message), { status: response.status })
  return answer
}

const show = (id, visible = true) => {
  $(id).hidden = !visible
}

/** Elements are made, never written as HTML: names come from people. */
const element = (tag, text, properties = {}) =>
  Object.assign(document.createElement(tag), { textContent: text }, properties)

const attempt = (work) => async (event) => {
  event?.preventDefault()
  $("message").textContent = ""
  try {
    await work(event)
  } catch (error) {
    $("message").textContent = error.message
  }
}

const signIn = attempt(async () => {
  const { url } = await call("GET", "/auth/discord/url")
  location.assign(url)
})

const logOut = attempt(async () => {
  await call("POST", "/auth/logout")
  location.assign("/")
})

const showParses = (logs) => {
  $("parses-summary").textContent =
    logs === null
      ? "Not fetched yet."
      : (logs.error ?? `Best average ${logs.best_performance_average?.toFixed(1) ?? "none"} (${logs.metric})`)
  $("parses").replaceChildren(
    ...(logs?.rankings ?? []).map((ranking) => {
      const line = element("li", "")
      line.append(
        element("span", ranking.rank_percent?.toFixed(0) ?? "–", { className: "percent" }),
        ranking.encounter_name
      )
      return line
    })
  )
  $("gear").replaceChildren(
    ...(logs?.gear ?? []).map((item) =>
      element("li", `Slot ${item.slot}: item ${item.id}, level ${item.itemLevel}`, { className: `q${item.quality}` })
    )
  )
}

const showProfile = (profile) => {
  $("character-profile").textContent =
    profile === null
      ? "Not fetched yet."
      : (profile.error ??
        `Level ${profile.level}, item level ${profile.equipped_item_level}, ${profile.active_spec_name}`)
}

const openCharacter = (id) =>
  attempt(async () => {
    const { character } = await call("GET", `/characters/${id}`)
    show("character")
    $("character-title").textContent = `${character.name}, ${character.race} ${character.class}`
    showProfile(character.battlenet)
    showParses(character.warcraftlogs)
    for (const provider of ["warcraftlogs", "battlenet"]) {
      $(`refresh-${provider}`).onclick = attempt(async () => {
        $("message").textContent = "Asking…"
        await call("POST", `/characters/${id}/${provider}/refresh`)
        await openCharacter(id)()
      })
    }
  })

const openGuild = (guild) =>
  attempt(async () => {
    const { characters } = await call("GET", `/guilds/${guild.id}/characters`)
    show("roster")
    $("roster-title").textContent = `${guild.name} (${characters.length} characters)`
    $("roster-rows").replaceChildren(
      ...characters.map((character) => {
        const row = element("tr", "")
        const name = element("td", "")
        name.append(element("button", character.name, { className: "link", onclick: openCharacter(character.id) }))
        row.append(name, ...["class", "spec", "role", "rank"].map((key) => element("td", character[key])))
        return row
      })
    )
  })

const listGuilds = async () => {
  const { guilds } = await call("GET", "/guilds")
  $("guild-list").replaceChildren(
    ...guilds.map((guild) => {
      const line = element("li", "")
      const open = element("button", guild.name, { className: "link", onclick: openGuild(guild) })
      line.append(open, ` ${guild.realm}, ${guild.membership_role}`)
      return line
    })
  )
}

$("sign-in").onclick = signIn

$("new-guild").onsubmit = attempt(async ({ target }) => {
  const { name, realm } = Object.fromEntries(new FormData(target))
  await call("POST", "/guilds", { name, realm, region: "eu", faction: "horde", game_version: "classicann" })
  target.reset()
  await listGuilds()
})

await attempt(async () => {
  const query = new URLSearchParams(location.search)
  if (query.has("code")) {
    history.replaceState(null, "", "/")
    await call("POST", "/auth/discord/callback", { code: query.get("code"), state: query.get("state") })
  }
  try {
    const { user } = await call("GET", "/auth/session")
    $("who").append(
      user.discord.global_name ?? user.discord.username,
      element("button", "Log out", { id: "log-out", onclick: logOut })
    )
    show("guilds")
    await listGuilds()
  } catch (error) {
    if (error.status !== 401) throw error
    show("welcome")
    throw new Error(query.get("error") === "access_denied" ? "You did not sign in." : "")
  }
})()
