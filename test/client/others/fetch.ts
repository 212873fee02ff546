import createClient from "openapi-fetch"
import { browser, consent, roster } from "./browser.ts"
import type { paths } from "./schema.ts"

const api = createClient<paths>({ baseUrl: process.env.API!, fetch: browser() })

const begun = await api.GET("/api/v1/auth/discord/url")
const { response } = await api.POST("/api/v1/auth/discord/callback", { body: await consent(begun.data!.url) })
if (response.status !== 204) throw new Error(`Sign-in answered ${response.status}.`)
const session = await api.GET("/api/v1/auth/session")
const { data } = await api.GET("/api/v1/guilds/{guild_id}/characters", { params: { path: { guild_id: roster } } })
const character = data!.characters.find(({ user_id }) => user_id === session.data!.user.id)!
const refreshed = await api.POST("/api/v1/characters/{character_id}/battlenet/refresh", {
  params: { path: { character_id: character.id } }
})
if (refreshed.error !== undefined) {
  const code: "provider.unavailable" | (typeof refreshed.error.error)["code"] = refreshed.error.error.code
  throw new Error(code)
}
const level: number | null = refreshed.data.battlenet.level
process.stdout.write(`${character.name} has level ${level}.\n`)
