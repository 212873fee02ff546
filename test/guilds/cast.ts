import { Context, Effect, Layer } from "effect"
import { ComposerRules } from "../../src/composer/Work.ts"
import { finishedComposition } from "../composer/composing.ts"
import { details, somebody } from "../support/people.ts"
import { query } from "../support/query.ts"

type Role = "stranger" | "applicant" | "raider" | "officer" | "admin" | "former" | "elsewhere"

type Browser = Effect.Success<ReturnType<typeof somebody>>

/** One person of each kind, a second raider as bystander, and a character of the first raider. */
export class Cast extends Context.Service<
  Cast,
  {
    readonly people: Readonly<Record<Role, Browser>>
    readonly bystander: Browser
    readonly character: string
  }
>()("test/Cast") {
  static readonly layer = Layer.effect(
    Cast,
    Effect.gen(function* () {
      const [stranger, applicant, raider, officer, admin, former, elsewhere, bystander] = yield* Effect.all(
        [somebody(), somebody(), somebody(), somebody(), somebody(), somebody(), somebody(), somebody()],
        { concurrency: 4 }
      )
      yield* elsewhere.client.guilds.create({ payload: details })
      const [row] = yield* query`
        insert into characters (user_id, name, region, server, class, race, spec, role, rank)
        values (${raider.id}::uuid, 'Nobodyknows', 'eu', 'spineshatter', 'Mage', 'Undead', 'Frost', 'ranged', 'main') returning id`
      const people = { stranger, applicant, raider, officer, admin, former, elsewhere }
      return Cast.of({ people, bystander, character: String(row!.id) })
    })
  )
}

/** A guild for one cell with the whole cast, so that no caller sees another's changes. */
export const freshGuild = Effect.gen(function* () {
  const { people, bystander, character } = yield* Cast
  // One's own character belongs to nobody else, so it comes back after the cell that releases it.
  yield* query`update characters set user_id = ${people.raider.id}::uuid, deleted_at = null where id = ${character}::uuid`
  const [guild] = yield* query`
    insert into guilds (name, realm, region, faction, game_version) values ('M', 'R', 'eu', 'horde', 'classic') returning id`
  const id = String(guild!.id)
  const roles = [people.applicant, people.raider, people.officer, people.admin].map(({ id }) => id)
  yield* query`
    insert into guild_memberships (guild_id, user_id, role, deleted_at)
    select ${id}::uuid, u::uuid, r, null::timestamptz from unnest(string_to_array(${roles.join(",")}, ','),
      array['applicant', 'raider', 'officer', 'admin']) as t (u, r)
    union all select ${id}::uuid, ${bystander.id}::uuid, 'raider', null
    union all select ${id}::uuid, ${people.former.id}::uuid, 'raider', now()`
  yield* query`insert into guild_invites (guild_id, code) values (${id}::uuid, ${`code-${id}`})`
  const [refresh] = yield* query`
    insert into guild_refreshes (guild_id, outcome, finished_at) values (${id}::uuid, 'done', now()) returning id`
  const [held] = yield* query`
    select p.id as player, e.id as entry from roster_players p join roster_entries e on e.player_id = p.id
    where p.guild_id = ${id}::uuid and p.user_id = ${people.raider.id}::uuid`
  const planned = yield* freshPlan(id, String(held!.entry))
  return {
    id,
    player: String(held!.player),
    entry: String(held!.entry),
    refresh: String(refresh!.id),
    bystander: bystander.id,
    character,
    ...planned
  }
})

/** A plan with a seat, a second revision and a link. */
const freshPlan = Effect.fnUntraced(function* (guild: string, entry: string) {
  const { people } = yield* Cast
  const json = { title: "Plan", raids: [{ title: "Raid", size: 10 }] }
  const { body } = yield* people.admin.send("POST", `/api/v1/guilds/${guild}/plans`, { json })
  const path = `/api/v1/plans/${body.plan.id}`
  const ops = [{ op: "seat", entry_id: entry, raid: 0, group: 0, slot: 0 }]
  yield* people.admin.send("PATCH", path, { json: { ops }, headers: { "if-match": "*" } })
  const { share } = (yield* people.admin.send("POST", `${path}/shares`)).body
  return {
    plan: String(body.plan.id),
    composition: yield* finishedComposition(body.plan),
    share: String(share.id),
    token: String(share.token)
  }
})

/** So that no cell waits for the composition of another. */
export const manyCompositions = Layer.succeed(ComposerRules, {
  ...Context.get(Context.empty(), ComposerRules),
  waiting: 1000
})

export const mage = { region: "eu", server: "Spineshatter", class: "Mage", race: "Undead", spec: "Frost" }

const raids = [{ title: "Raid", size: 10, groups: [], bench: [] }]

const bodies: Readonly<Record<string, unknown>> = {
  "POST /api/v1/guilds/:guild_id/plans": { title: "Another", raids },
  "PUT /api/v1/plans/:plan_id": { raids },
  "PATCH /api/v1/plans/:plan_id": { ops: [{ op: "set_raid", raid: 0, title: "Renamed" }] },
  "POST /api/v1/plans/:plan_id/duplicate": {},
  "POST /api/v1/plans/:plan_id/compose": { seconds: 1 },
  "POST /api/v1/auth/discord/callback": { code: "c", state: "s" },
  "POST /api/v1/guilds": details,
  "POST /api/v1/guilds/:guild_id/keys": { name: "Bot", scopes: ["plans:read"] },
  "PATCH /api/v1/guilds/:guild_id": { name: "Renamed" },
  "PATCH /api/v1/guilds/:guild_id/members/:user_id": { role: "officer" },
  "PUT /api/v1/guilds/:guild_id/roster": { players: [] },
  "POST /api/v1/guilds/:guild_id/roster/import": [],
  "POST /api/v1/guilds/:guild_id/roster/discover": {
    source: "battlenet",
    region: "eu",
    realm: "Spineshatter",
    name: "Ashen Vanguard"
  },
  "POST /api/v1/guilds/:guild_id/players": { name: "Newcomer" },
  "PATCH /api/v1/guilds/:guild_id/players/:player_id": { note: "away" },
  "POST /api/v1/guilds/:guild_id/players/:player_id/characters": { ...mage, name: "Matrixed" },
  "PATCH /api/v1/guilds/:guild_id/players/:player_id/characters/:entry_id": { spec: "Fire" },
  "PATCH /api/v1/characters/:character_id": { spec: "Arcane" },
  "DELETE /api/v1/account": { confirm: "somebody else" },
  "POST /api/v1/guilds/:guild_id/refreshes": {},
  "POST /api/v1/rulesets/:ruleset/coverage": { raids: [{ groups: [[{ class: "Mage", spec: "Frost" }]] }] },
  "PUT /api/v1/guilds/:guild_id/ruleset-overrides/:ruleset": { values: { kings: { Rogue: 1 } } }
}

/** What is sent to a route in such a guild. */
export const bodyOf = (name: string, { entry }: Effect.Success<typeof freshGuild>) =>
  name.endsWith("/why-not") ? { entry_id: entry, raid: 0 } : bodies[name]

/** The request of a route, as declared, in such a guild. */
export const requestOf = (name: string, world: Effect.Success<typeof freshGuild>) => {
  const [method, template] = name.split(" ") as ["GET", string]
  const ids: Readonly<Record<string, string>> = {
    guild_id: world.id,
    user_id: world.bystander,
    character_id: world.character,
    player_id: world.player,
    entry_id: world.entry,
    refresh_id: world.refresh,
    game_version: "classicann",
    invite_code: `code-${world.id}`,
    session_id: world.id,
    key_id: world.id,
    ruleset: "tbc-anniversary@1",
    plan_id: world.plan,
    share_id: world.share,
    revision: "1",
    composition_id: world.composition,
    token: world.token
  }
  const path = template.replace(/:(\w+)/g, (_, parameter: string) => ids[parameter]!)
  return { method, path: path.replace(/diff$/, "diff?from=1&to=2").replace(/compare$/, "compare?with=plan") }
}
