// Signs in to the demo (`npm run demo`) as one of its people, makes a guild and refreshes a character.
import { attempt, createClient, memoryCookies } from "raid-composition-client"

const baseUrl = process.env.API ?? "http://localhost:8000"
const api = createClient({ baseUrl, cookies: memoryCookies() })

// A person would press a button on Discord's page; the simulated Discord takes a query parameter for it.
const { url } = await api.get("/api/v1/auth/discord/url")
const consent = await fetch(`${url}&persona=900000000000000003`, { redirect: "manual" })
const { code, state } = Object.fromEntries(new URL(consent.headers.get("location")).searchParams)
await api.finishSignIn({ code, state })

const body = { name: "Night Watch", realm: "Spineshatter", region: "eu", faction: "horde", game_version: "classicann" }
const { guild } = await api.post("/api/v1/guilds", { body })
console.log(`${guild.name} is made.`)

const roster = { guild_id: "a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae" }
const { user } = await api.get("/api/v1/auth/session")
const { characters } = await api.get("/api/v1/guilds/{guild_id}/characters", { path: roster })
const { id, name } = characters.find(({ user_id }) => user_id === user.id)
const refreshed = await attempt(
  api.post("/api/v1/characters/{character_id}/battlenet/refresh", { path: { character_id: id } })
)
console.log(refreshed.ok ? `${name} has level ${refreshed.data.battlenet.level}.` : refreshed.error.message)
await api.post("/api/v1/auth/logout")
