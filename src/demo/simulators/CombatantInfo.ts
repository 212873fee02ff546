import type { WornItem } from "./Gear.ts"
import { gearOf } from "./Gear.ts"
import type { Actor, Fight, Report } from "./Reports.ts"
import { pointsOf } from "./Talents.ts"
import type { SimCharacter } from "./World.ts"
import { hash } from "./World.ts"

const aura = (source: number, ability: number, icon: string, name: string) => ({
  source,
  ability,
  stacks: 1,
  icon,
  name
})

const unmeasured = Object.fromEntries(
  [
    "dodge",
    "parry",
    "block",
    "critMelee",
    "critRanged",
    "critSpell",
    "hasteMelee",
    "hasteRanged",
    "hasteSpell",
    "hitMelee",
    "hitRanged",
    "hitSpell",
    "expertise",
    "resilienceCritTaken",
    "resilienceDamageTaken"
  ].map((name) => [name, 0])
)

const combatantInfo = (report: Report, fight: Fight, actor: Actor, character: SimCharacter, index: number) => {
  const of = (what: string, from: number) => from + (hash(what, character.name, character.realm) % from)
  const gear: ReadonlyArray<WornItem> = character.wcl === "no-gear" ? [] : gearOf(character, report.code)
  return {
    timestamp: fight.startTime + 1234 + index,
    type: "combatantinfo",
    fight: fight.id,
    sourceID: actor.id,
    gear,
    auras: [
      aura(actor.id, 33_268, "spell_misc_food.jpg", "Well Fed"),
      aura(fight.friendlyPlayers[0] ?? actor.id, 26_990, "spell_nature_regeneration.jpg", "Mark of the Wild")
    ],
    expansion: "tbc",
    faction: character.faction === "HORDE" ? 1 : 0,
    specID: 0,
    strength: of("strength", 200),
    agility: of("agility", 150),
    stamina: of("stamina", 500),
    intellect: of("intellect", 200),
    spirit: of("spirit", 120),
    armor: of("armor", 5000),
    ...unmeasured,
    talents: pointsOf(character.class, character.spec).map((id) => ({ id, icon: "inv_axe_02.jpg" })),
    pvpTalents: [],
    customPowerSet: [],
    secondaryCustomPowerSet: [],
    tertiaryCustomPowerSet: []
  }
}

/** The CombatantInfo events of a fight, one for each player in it. */
export const combatantInfos = (report: Report, fight: Fight) =>
  report.actors.flatMap((actor, index) =>
    actor.character !== undefined && fight.friendlyPlayers.includes(actor.id)
      ? [combatantInfo(report, fight, actor, actor.character, index)]
      : []
  )
