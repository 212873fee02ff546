import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import type { BattlenetSimulator } from "../../src/demo/sim/Battlenet.ts"
import { battlenetSimulator } from "../../src/demo/sim/Battlenet.ts"
import { hasSpecializationObjects } from "../../src/demo/sim/BattlenetDocuments.ts"
import { demoCharacters } from "../../src/demo/sim/World.ts"
import type { Loose } from "./simulatorRequests.ts"
import { applicationToken, basic, bodyOf, client, form, request, shape, someone } from "./simulatorRequests.ts"

const started = battlenetSimulator(client)

const inEurope = (sim: BattlenetSimulator, path: string) => sim.apiBaseUrl.replace("{region}", "eu") + path

const character = (name: string, part = "", realm = "spineshatter") =>
  `/profile/wow/character/${encodeURIComponent(realm)}/${encodeURIComponent(name)}${part}`

const english = "namespace=profile-classicann-eu&locale=en_GB"

/** One request of a European path with a fresh token. */
const get = Effect.fnUntraced(function* (sim: BattlenetSimulator, path: string, query = english) {
  const authorization = `Bearer ${yield* applicationToken(sim.tokenUrl)}`
  return yield* request(`${inEurope(sim, path)}?${query}`, { headers: { authorization } })
})

const document = (sim: BattlenetSimulator, path: string, query?: string) =>
  Effect.map(get(sim, path, query), (answer) => {
    assert.strictEqual(answer.status, 200, answer.text)
    return bodyOf(answer) as Loose
  })

const refusal = (code: number, detail: string) => ({ code, type: `BLZWEBAPI00000${code}`, detail })

it.live.each(["/token", "/oauth/token"])("gives tokens to the application alone, on %s", (path) =>
  Effect.gen(function* () {
    const sim = yield* started
    const grant = { grant_type: "client_credentials" }
    const url = sim.url + path
    const good = yield* request(url, form(grant, basic()))
    assert.hasAllKeys(bodyOf(good), ["access_token", "token_type", "expires_in", "sub"])
    assert.deepInclude(bodyOf(good) as object, { token_type: "bearer", expires_in: 86_399 })
    const wrong = yield* request(url, form(grant, basic("wrong")))
    const invalid = { error: "invalid_client", error_description: "Bad client credentials" }
    assert.deepStrictEqual([wrong.status, bodyOf(wrong)], [401, invalid])
    const gotten = yield* request(`${url}?grant_type=client_credentials`, { headers: basic() })
    const notAllowed = { error: "invalid_request", error_description: "GET method is not allowed" }
    assert.deepStrictEqual([gotten.status, bodyOf(gotten)], [400, notAllowed])
    assert.strictEqual((yield* request(url, form({ grant_type: "password" }, basic()))).status, 400)
  })
)

it.live("reads the bearer from the header alone", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const token = yield* applicationToken(sim.tokenUrl)
    const url = `${inEurope(sim, character("cyrandel"))}?${english}`
    const inQuery = yield* request(`${url}&access_token=${token}`)
    assert.deepStrictEqual([inQuery.status, inQuery.text], [404, ""])
    assert.notInclude(JSON.stringify(sim.calls.all), token)
    const without = yield* request(url)
    assert.deepStrictEqual([without.status, bodyOf(without)], [401, refusal(401, "Unauthorized")])
    const headers = { authorization: `Bearer ${token}` }
    assert.strictEqual((yield* request(url, { headers })).status, 200)
    sim.dropTokens()
    assert.strictEqual((yield* request(url, { headers })).status, 401)
  })
)

it.live.each([
  ["no namespace", "locale=en_GB"],
  ["another game's", "namespace=profile-classic-eu&locale=en_GB"],
  ["another region's", "namespace=profile-classicann-us&locale=en_GB"],
  ["another kind of", "namespace=dynamic-classicann-eu&locale=en_GB"]
] as const)("forbids %s namespace", ([, query]) =>
  Effect.gen(function* () {
    const answer = yield* get(yield* started, character("cyrandel"), query)
    assert.deepStrictEqual([answer.status, bodyOf(answer)], [403, refusal(403, "Forbidden")])
  })
)

it.live.each([
  ["an unknown name", character("nevermet")],
  ["upper case", character("Cyrandel")],
  ["a decomposed name", character("borînhoof".normalize("NFD"))],
  ["a name without its accent", character("borinhoof")],
  ["another realm", character("borînhoof", "", "thunderstrike")],
  ["a realm in upper case", character("cyrandel", "", "Spineshatter")],
  ["one it does not know", character("cyrawisp")],
  ["a document that is not", character("cyrandel", "/collections")],
  ["missing media", character("nazmojo", "/character-media")],
  ["half an escape", "/profile/wow/character/spineshatter/%E0%A4%A"]
] as const)("finds nothing for %s", ([, path]) =>
  Effect.gen(function* () {
    const answer = yield* get(yield* started, path)
    assert.deepStrictEqual([answer.status, bodyOf(answer)], [404, refusal(404, "Not Found")])
  })
)

it.live("serves four regions, each with its own people", () =>
  Effect.gen(function* () {
    const sim = yield* started
    sim.put({ ...someone, region: "kr" })
    const authorization = `Bearer ${yield* applicationToken(sim.tokenUrl)}`
    const inRegion = (region: string) =>
      Effect.map(
        request(
          `${sim.apiBaseUrl.replace("{region}", region)}${character("someone")}?namespace=profile-classicann-${region}`,
          { headers: { authorization } }
        ),
        ({ status, text }) => [status, text === ""]
      )
    assert.deepStrictEqual(yield* Effect.forEach(["us", "eu", "kr", "tw", "cn"], inRegion), [
      [404, false],
      [404, false],
      [200, false],
      [404, false],
      [404, true]
    ])
  })
)

const profileKeys =
  "_links id name gender faction race character_class realm level experience titles pvp_summary media " +
  "last_login_timestamp average_item_level equipped_item_level specializations statistics equipment appearance guild"

it.live("describes a character", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const profile = yield* document(sim, character("borînhoof"))
    assert.hasAllKeys(profile, profileKeys.split(" "))
    assert.deepInclude(profile, { name: "Borînhoof", level: 70 })
    assert.deepInclude(profile.race, { name: "Tauren", id: 6 })
    assert.deepInclude(profile.character_class, { name: "Druid", id: 11 })
    assert.deepInclude(profile.faction, { type: "HORDE", name: "Horde" })
    assert.deepInclude(profile.realm, { name: "Spineshatter", id: 6299, slug: "spineshatter" })
    assert.include(profile.media.href, "/eu/profile/wow/character/spineshatter/bor%C3%AEnhoof/character-media")
    assert.deepStrictEqual(yield* document(sim, character("borînhoof")), profile)
    assert.strictEqual((yield* document(sim, character("раскогром"))).name, "Раскогром")
    assert.isNumber((yield* document(sim, character("hollowhoof"))).race.id)
  })
)

it.live("has only what is always there of a sparse character, and no guild of a young one", () =>
  Effect.gen(function* () {
    const sim = yield* started
    sim.put({ ...someone, bnet: "sparse" })
    const sparse = yield* document(sim, character("someone"))
    assert.hasAllKeys(sparse, ["_links", "id", "name", "character_class", "realm", "level"])
    const young = yield* document(sim, character("tinysprout"))
    assert.notProperty(young, "guild")
    assert.strictEqual(young.level, 14)
  })
)

it.live("names things in the locale, or in all of them", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const named = (locale: string) =>
      Effect.map(
        document(sim, character("cyrandel"), `namespace=profile-classicann-eu${locale}`),
        ({ race, character_class, faction }) => [race.name, character_class.name, faction.name]
      )
    assert.deepStrictEqual(yield* named("&locale=ru_RU"), ["Эльф крови", "Маг", "Орда"])
    const race = { en_US: "Blood Elf", en_GB: "Blood Elf", de_DE: "Blutelf", ru_RU: "Эльф крови" }
    assert.deepStrictEqual((yield* named(""))[0], race)
    assert.deepStrictEqual((yield* named("&locale=xx_XX"))[0], race)
  })
)

it.live.each([
  ["classic", "profile-classic-eu", { name: "Arcane" }],
  ["classic1x", "profile-classic1x-eu", { id: 0 }],
  ["retail", "profile-eu", { name: "Arcane" }]
] as const)("plays another game: %s", ([gameVersion, namespace, spec]) =>
  Effect.gen(function* () {
    const sim = yield* battlenetSimulator({ ...client, gameVersion })
    const query = `namespace=${namespace}&locale=en_GB`
    const profile = yield* document(sim, character("cyrandel"), query)
    assert.deepInclude(profile.active_spec, spec)
    const { assets } = yield* document(sim, character("cyrandel", "/character-media"), query)
    assert.lengthOf(assets, gameVersion === "retail" ? 4 : 1)
  })
)

it.live("has an avatar", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const media = yield* document(sim, character("cyrandel", "/character-media"))
    const keys = "_links.self.href assets[].key assets[].value character.id character.key.href character.name"
    const realm = "character.realm.id character.realm.key.href character.realm.name character.realm.slug"
    assert.deepStrictEqual(shape(media), `${keys} ${realm}`.split(" "))
    const { id } = media.character
    const address = `https://render.worldofwarcraft.com/classicann-eu/character/spineshatter/${id % 256}/${id}-avatar.jpg`
    assert.deepStrictEqual(media.assets, [{ key: "avatar", value: address }])
  })
)

const spent = ({ specialization_groups }: Loose) =>
  specialization_groups
    .find(({ is_active }: Loose) => is_active)
    .specializations.map((tree: Loose) => [tree.specialization_name ?? tree.specialization.name, tree.spent_points])

it.live("tells the talents in either shape", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const known = demoCharacters.filter(({ bnet, realm }) => bnet === "ok" && realm === "spineshatter")
    for (const asObject of [true, false]) {
      const one = known.find((character) => hasSpecializationObjects(character) === asObject)
      const talents = yield* document(sim, character(one?.name.toLowerCase() ?? "", "/specializations"))
      const [tree] = talents.specialization_groups[1].specializations
      assert.hasAllKeys(
        tree,
        asObject ? ["specialization", "spent_points"] : ["specialization_name", "spent_points", "talents"]
      )
    }
    assert.deepStrictEqual(spent(yield* document(sim, character("borînhoof", "/specializations"))), [
      ["Balance", 8],
      ["Feral Combat", 47],
      ["Restoration", 6]
    ])
    const { specialization_groups } = yield* document(sim, character("tinysprout", "/specializations"))
    assert.deepStrictEqual(specialization_groups, [{ is_active: true }])
  })
)

it.live("lists what is worn", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const equipment = yield* document(sim, character("cyrandel", "/equipment"))
    assert.hasAllKeys(equipment, ["_links", "character", "equipped_items", "equipped_item_sets"])
    const keys =
      "item slot quantity quality name media item_class item_subclass inventory_type binding enchantments level"
    for (const item of equipment.equipped_items) assert.hasAllKeys(item, keys.split(" "))
    const head = equipment.equipped_items[0]
    assert.deepStrictEqual(head.slot, { type: "HEAD", name: "Head" })
  })
)

it.live("tells whether a character is still the same", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const status = document(sim, character("someone", "/status"))
    sim.put(someone)
    const first = yield* status
    assert.hasAllKeys(first, ["_links", "id", "is_valid"])
    assert.strictEqual(first.is_valid, true)
    sim.put({ ...someone, bnetId: first.id + 1 })
    assert.strictEqual((yield* status).id, first.id + 1)
    sim.put({ ...someone, bnet: "invalid" })
    assert.strictEqual((yield* status).is_valid, false)
    sim.remove(someone)
    assert.strictEqual((yield* get(sim, character("someone", "/status"))).status, 404)
  })
)

it.live("lists the realms, one of them with a slug nobody can guess", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const index = yield* document(sim, "/data/wow/realm/index", "namespace=dynamic-classicann-eu&locale=en_GB")
    const keys = "_links.self.href realms[].id realms[].key.href realms[].name realms[].slug"
    assert.deepStrictEqual(shape(index), keys.split(" "))
    const { slug } = index.realms.find(({ name }: Loose) => name === "Змейталак")
    assert.strictEqual((yield* document(sim, character("лунодол", "", slug))).name, "Лунодол")
    const wrong = yield* get(sim, "/data/wow/realm/index", english)
    assert.strictEqual(wrong.status, 403)
  })
)

it.live("limits requests a second", () =>
  Effect.gen(function* () {
    let now = 0
    const sim = yield* battlenetSimulator({ ...client, requestsPerSecond: 2, now: () => now })
    const ask = Effect.map(get(sim, character("cyrandel")), ({ status }) => status)
    assert.deepStrictEqual(yield* Effect.all([ask, ask, ask]), [200, 200, 429])
    now = 1000
    assert.strictEqual(yield* ask, 200)
  })
)

it.live.each([
  [429, "application/json", refusal(429, "Too Many Requests")],
  [401, "application/json", refusal(401, "Unauthorized")],
  [500, "text/html", undefined]
] as const)("words a refusal it was told to make: %i", ([status, type, body]) =>
  Effect.gen(function* () {
    const sim = yield* started
    sim.fault({ kind: "status", status, path: "/profile/" })
    const answer = yield* get(sim, character("cyrandel"))
    assert.strictEqual(answer.status, status)
    assert.include(answer.headers.get("content-type") ?? "", type)
    if (body !== undefined) assert.deepStrictEqual(bodyOf(answer), body)
  })
)
