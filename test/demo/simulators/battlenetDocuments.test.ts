import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { battlenetSimulator } from "../../../src/demo/simulators/Battlenet.ts"
import { hasSpecializationObjects } from "../../../src/demo/simulators/BattlenetDocuments.ts"
import { demoCharacters } from "../../../src/demo/simulators/World.ts"
import { started, character, english, get, document } from "./battlenetRequests.ts"
import type { Loose } from "./requests.ts"
import { shape, someone, client } from "./requests.ts"

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

it.live("gives only the mandatory fields of a sparse character, and no guild of a young one", () =>
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
] as const)("serves another game version: %s", ([gameVersion, namespace, spec]) =>
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

it.live("gives the talents in either shape", () =>
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

it.live("lists the equipment", () =>
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

it.live("says whether a character is still the same", () =>
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

it.live("lists the realms, one of them with a slug that cannot be derived from its name", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const index = yield* document(sim, "/data/wow/realm/index", "namespace=dynamic-classicann-eu&locale=en_GB")
    const keys = "_links.self.href realms[].id realms[].key.href realms[].name realms[].slug"
    assert.deepStrictEqual(shape(index), keys.split(" "))
    const { slug } = index.realms.find(({ name }: Loose) => name === "Змейталак")
    assert.strictEqual((yield* document(sim, character("лунодол", "", slug))).name, "Лунодол")
    const wrong = yield* get(sim, "/data/wow/realm/index", english)
    assert.strictEqual(wrong.status, 403)
    const retail = yield* battlenetSimulator({ ...client, gameVersion: "retail" })
    const { realms } = yield* document(retail, "/data/wow/realm/index", "namespace=dynamic-eu")
    const fjord = realms.find(({ slug }: Loose) => slug === "howling-fjord")
    assert.deepInclude(fjord.name, { en_GB: "Howling Fjord", ru_RU: "Ревущий фьорд" })
    assert.isUndefined(realms.find(({ slug }: Loose) => slug === "raden"))
    const place = { region: "eu", realm: "raden" } as const
    assert.throws(() => retail.put({ ...someone, ...place }), /no realm "raden"/)
    retail.put({ ...someone, realm: "azjolnerub" })
    const retailQuery = "namespace=profile-eu&locale=en_GB"
    assert.strictEqual((yield* get(retail, character("someone", "", "azjolnerub"), retailQuery)).status, 200)
    assert.strictEqual((yield* get(retail, character("someone", "", "azjol-nerub"), retailQuery)).status, 404)
  })
)
