import { localised, raceOf } from "./BattlenetWords.ts"
import { gearOf } from "./Gear.ts"
import { type GameVersion, realmOf, realmsOf } from "./Realms.ts"
import { factsOf, pointsOf } from "./Talents.ts"
import type { SimCharacter } from "./World.ts"
import { choice, hash } from "./World.ts"

/** The parameters of a request for a document. */
export interface Asked {
  /** The base URL of the region's API. */
  readonly host: string
  readonly region: string
  readonly locale: string | null
  readonly version: GameVersion
  /** The character's Battle.net id. */
  readonly id: number
}

const suffix = ({ version, region }: Asked) => (version === "retail" ? region : `${version}-${region}`)

const key = (asked: Asked, path: string, kind: "dynamic" | "static") => ({
  key: { href: `${asked.host}/data/wow/${path}?namespace=${kind}-${suffix(asked)}` }
})

const realmView = (slug: string, asked: Asked) => {
  const { id, name, names } = realmOf(asked.region, slug)
  return { ...key(asked, `realm/${id}`, "dynamic"), name: localised(name, asked.locale, names), id, slug }
}

const addressOf = ({ realm, name }: SimCharacter, asked: Asked, part = "") =>
  `${asked.host}/profile/wow/character/${encodeURIComponent(realm)}/${encodeURIComponent(name.normalize("NFC").toLowerCase())}${part}?namespace=profile-${suffix(asked)}`

const link = (character: SimCharacter, asked: Asked, part?: string) => ({ href: addressOf(character, asked, part) })

const selfLink = (character: SimCharacter, asked: Asked, part?: string) => ({
  _links: { self: link(character, asked, part) }
})

const brief = (character: SimCharacter, asked: Asked) => ({
  key: link(character, asked),
  name: character.name,
  id: asked.id,
  realm: realmView(character.realm, asked)
})

const genderOf = ({ name }: SimCharacter) => choice(["Male", "Female"], "gender", name)
const titleCase = (text: string) => text.charAt(0) + text.slice(1).toLowerCase()

const className = (character: SimCharacter, asked: Asked) => {
  const { bnetId } = factsOf(character.class)
  return {
    ...key(asked, `playable-class/${bnetId}`, "static"),
    name: localised(character.class, asked.locale),
    id: bnetId
  }
}

const activeSpec = ({ spec, class: name }: SimCharacter, asked: Asked) => {
  const id = 60 + (hash("spec", name, spec) % 200)
  switch (asked.version) {
    case "classicann":
      return {}
    case "classic1x":
      return { active_spec: { ...key(asked, "playable-specialization/0", "static"), id: 0 } }
    default:
      return {
        active_spec: {
          ...key(asked, `playable-specialization/${id}`, "static"),
          name: localised(spec, asked.locale),
          id
        }
      }
  }
}

const faction = (character: SimCharacter, asked: Asked) => ({
  type: character.faction,
  name: localised(titleCase(character.faction), asked.locale)
})

const guild = (character: SimCharacter, asked: Asked) => ({
  key: {
    href: `${asked.host}/data/wow/guild/${encodeURIComponent(character.realm)}/ashen-vigil?namespace=profile-${suffix(asked)}`
  },
  name: "Ashen Vigil",
  id: 880_001,
  realm: realmView(character.realm, asked),
  faction: faction(character, asked)
})

const lastRaid = Date.UTC(2026, 10, 22, 22)

/** `GET /profile/wow/character/{realm}/{name}` */
export const profile = (character: SimCharacter, asked: Asked) => {
  const core = {
    ...selfLink(character, asked),
    id: asked.id,
    name: character.name,
    character_class: className(character, asked),
    realm: realmView(character.realm, asked),
    level: character.level ?? 70
  }
  if (character.bnet === "sparse") return core
  const race = raceOf(character)
  const grown = core.level === 70
  const itemLevel = grown ? 105 + (hash("itemLevel", character.name) % 36) : 18
  return {
    ...core,
    gender: { type: genderOf(character).toUpperCase(), name: localised(genderOf(character), asked.locale) },
    faction: faction(character, asked),
    race: {
      ...key(asked, `playable-race/${race.id}`, "static"),
      name: localised(race.name, asked.locale),
      id: race.id
    },
    ...activeSpec(character, asked),
    experience: grown ? 0 : 4210,
    titles: link(character, asked, "/titles"),
    pvp_summary: link(character, asked, "/pvp-summary"),
    media: link(character, asked, "/character-media"),
    last_login_timestamp: lastRaid - (hash("login", character.name) % 172_800_000),
    average_item_level: itemLevel + 3,
    equipped_item_level: itemLevel,
    specializations: link(character, asked, "/specializations"),
    statistics: link(character, asked, "/statistics"),
    equipment: link(character, asked, "/equipment"),
    appearance: link(character, asked, "/appearance"),
    ...(grown ? { guild: guild(character, asked) } : {})
  }
}

/** `…/character-media`; undefined if the character has none. */
export const media = (character: SimCharacter, asked: Asked) => {
  if (character.bnet === "no-media") return undefined
  const folder = asked.version === "retail" ? asked.region : suffix(asked)
  const base = `https://render.worldofwarcraft.com/${folder}/character/${character.realm}/${asked.id % 256}/${asked.id}`
  const retail = ["inset.jpg", "main.jpg", "main-raw.png"].map((file) => ({
    key: file.replace(/\..*/, ""),
    value: `${base}-${file}`
  }))
  return {
    ...selfLink(character, asked, "/character-media"),
    character: brief(character, asked),
    assets: [{ key: "avatar", value: `${base}-avatar.jpg` }, ...(asked.version === "retail" ? retail : [])]
  }
}

/** Two shapes of the document exist; each character always gets the same one. */
export const hasSpecializationObjects = ({ name }: Pick<SimCharacter, "name">) => hash("shape", name) % 4 === 0

/** `…/specializations`: trees without points are left out. */
export const specializations = (character: SimCharacter, asked: Asked) => {
  const points = pointsOf(character.class, character.spec)
  const treeView = (tree: string, index: number, spent_points: number): object => {
    const name = localised(tree, asked.locale)
    const id = 300 + index
    return hasSpecializationObjects(character)
      ? { specialization: { ...key(asked, `playable-specialization/${id}`, "static"), name, id }, spent_points }
      : { specialization_name: name, spent_points, talents: [] }
  }
  const trees = factsOf(character.class).trees
  return {
    ...selfLink(character, asked, "/specializations"),
    character: brief(character, asked),
    specialization_groups:
      character.bnet === "no-talents"
        ? [{ is_active: true }]
        : [
            // The inactive group has the tree with the most points, so a client must look at `is_active`.
            { is_active: false, specializations: [treeView(trees[0], 0, 61)] },
            {
              is_active: true,
              specializations: trees.flatMap((tree, index) => {
                const spent = points[index] ?? 0
                return spent === 0 ? [] : [treeView(tree, index, spent)]
              })
            }
          ]
  }
}

const slotTypes = (
  "HEAD NECK SHOULDER SHIRT CHEST WAIST LEGS FEET WRIST HANDS FINGER_1 FINGER_2 TRINKET_1 TRINKET_2 " +
  "BACK MAIN_HAND OFF_HAND RANGED TABARD"
).split(" ")
const qualities = ["Poor", "Common", "Uncommon", "Rare", "Epic"]

/** `…/equipment`: empty slots are left out. */
export const equipment = (character: SimCharacter, asked: Asked) => ({
  ...selfLink(character, asked, "/equipment"),
  character: brief(character, asked),
  equipped_items: gearOf(character, "today").flatMap((item, slot) => {
    const type = slotTypes[slot] ?? "HEAD"
    const named = { type, name: localised(titleCase(type.replace(/_/g, " ")), asked.locale) }
    if (item.id === 0) return []
    return [
      {
        item: { ...key(asked, `item/${item.id}`, "static"), id: item.id },
        slot: named,
        quantity: 1,
        quality: {
          type: qualities[item.quality]?.toUpperCase(),
          name: localised(qualities[item.quality] ?? "", asked.locale)
        },
        name: localised(`Invented ${titleCase(type.replace(/_\d$/, ""))}`, asked.locale),
        media: { ...key(asked, `media/item/${item.id}`, "static"), id: item.id },
        item_class: { name: localised("Armor", asked.locale), id: 4 },
        item_subclass: { name: localised("Cloth", asked.locale), id: 1 },
        inventory_type: named,
        binding: { type: "ON_ACQUIRE", name: localised("Binds when picked up", asked.locale) },
        enchantments:
          item.permanentEnchant === undefined
            ? []
            : [
                {
                  display_string: localised("Enchanted", asked.locale),
                  enchantment_id: item.permanentEnchant,
                  enchantment_slot: { id: 0, type: "PERMANENT" }
                }
              ],
        level: { value: 70, display_string: localised("Requires Level 70", asked.locale) }
      }
    ]
  }),
  equipped_item_sets: []
})

/** `…/status` */
export const status = (character: SimCharacter, asked: Asked) => ({
  ...selfLink(character, asked, "/status"),
  id: asked.id,
  is_valid: character.bnet !== "invalid"
})

/** `GET /data/wow/realm/index` */
export const realmIndex = (asked: Omit<Asked, "id">) => ({
  _links: { self: { href: `${asked.host}/data/wow/realm/?namespace=dynamic-${suffix({ ...asked, id: 0 })}` } },
  realms: realmsOf(asked.region, asked.version).map(({ slug }) => realmView(slug, { ...asked, id: 0 }))
})
