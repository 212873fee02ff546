import { assert, describe, it } from "@effect/vitest"
import type { Covered, RaidCoverage } from "../../src/rulesets/Coverage.ts"
import { coverageOf } from "../../src/rulesets/Evaluate.ts"
import { rulesets } from "../../src/rulesets/Rulesets.ts"
import { raidOf } from "./Seats.ts"

/* Seatings made by hand, with what a raid leader expects of them. */

interface Row {
  readonly name: string
  readonly groups: ReadonlyArray<string>
  readonly ruleset?: string
  readonly faction?: "alliance" | "horde"
  /** All effects that help somebody in the first group, as `effect@seats`. */
  readonly party?: string
  readonly second?: string
  /** Some of the raid's, as `effect@group.seat,…`. */
  readonly raid?: string
  /** `effect>Class`, `effect>Class:tank` or `effect>group.seat`: all that one effect is given to. */
  readonly given?: Readonly<Record<string, string>>
  /** In the first group or in the raid; with a `!` that it is not. */
  readonly missing?: string
  /** `effect:reason`. */
  readonly possible?: string
  readonly sure?: string
  readonly assumed?: string
  readonly warnings?: ReadonlyArray<string>
}

const era = "classic-era@1"
const old = "tbc-2021@1"

const rows: ReadonlyArray<Row> = [
  {
    name: "a melee group",
    groups: ["fury enh combat cat bm"],
    party:
      "battle_shout@0 windfury_totem@1 strength_of_earth@1 mana_spring@1 unleashed_rage@1 leader_of_the_pack@3 ferocious_inspiration@4",
    possible: "grace_of_air:slot_taken commanding_shout:slot_taken drums:unknown",
    assumed: "leader_of_the_pack ferocious_inspiration unleashed_rage battle_shout windfury_totem"
  },
  {
    name: "two shamans: the one with the talent gives windfury, the other agility",
    groups: ["fury combat cat enh rsh"],
    party:
      "battle_shout@0 windfury_totem@3 grace_of_air@4 strength_of_earth@3 mana_spring@4 mana_tide@4 unleashed_rage@3 leader_of_the_pack@2",
    sure: "grace_of_air",
    possible: "wrath_of_air:slot_taken"
  },
  {
    name: "two enhancement shamans: rage once, two air totems",
    groups: ["fury combat enh enh cat"],
    party:
      "battle_shout@0 windfury_totem@3 grace_of_air@2 strength_of_earth@2 mana_spring@2 unleashed_rage@2,3 leader_of_the_pack@4"
  },
  {
    name: "three shamans: the third air totem is for those it helps least",
    groups: ["fury enh ele rsh combat"],
    party:
      "battle_shout@0 windfury_totem@1 grace_of_air@3 wrath_of_air@2 strength_of_earth@1 mana_spring@3 mana_tide@3 totem_of_wrath@2 unleashed_rage@1"
  },
  {
    name: "an elemental shaman among melees",
    groups: ["ele fury combat arms ret"],
    party:
      "battle_shout@1 commanding_shout@3 windfury_totem@0 strength_of_earth@0 mana_spring@0 totem_of_wrath@0 sanctity_aura@4",
    possible: "wrath_of_air:slot_taken"
  },
  {
    name: "a caster group",
    groups: ["ele sp fire frost destro"],
    party: "totem_of_wrath@0 wrath_of_air@0 mana_spring@0 vampiric_touch@1 vampiric_embrace@1",
    missing: "moonkin_aura ferocious_inspiration !battle_shout !windfury_totem !strength_of_earth"
  },
  {
    name: "two shadow priests: their mana adds up, their healing and misery do not",
    groups: ["sp sp arc rsh hpr"],
    party: "vampiric_touch@0,1 vampiric_embrace@0,1 wrath_of_air@3 mana_spring@3 mana_tide@3",
    raid: "misery@0.0,0.1 shadow_weaving@0.0,0.1"
  },
  {
    name: "two elemental shamans: the totem of wrath adds up",
    groups: ["ele ele fire frost boom"],
    party: "totem_of_wrath@0,1 wrath_of_air@0 mana_spring@0 moonkin_aura@4"
  },
  {
    name: "a restoration shaman among casters",
    groups: ["rsh arc arc destro sp"],
    party: "wrath_of_air@0 mana_spring@0 mana_tide@0 vampiric_touch@4 vampiric_embrace@4",
    missing: "totem_of_wrath"
  },
  {
    name: "three paladins: three auras, each by whom it is best, and two shouts",
    groups: ["prot ppal ret hpal fury"],
    party: "devotion_aura@1 sanctity_aura@2 retribution_aura@3 battle_shout@4 commanding_shout@0",
    possible: "concentration_aura:slot_taken"
  },
  {
    name: "a protection warrior among casters commands",
    groups: ["prot arc frost hpr sp"],
    party: "commanding_shout@0 vampiric_touch@4 vampiric_embrace@4",
    possible: "battle_shout:slot_taken"
  },
  {
    name: "bear and cat: one aura for both, and the roar is the weaker",
    groups: ["bear cat combat fury mm"],
    party: "leader_of_the_pack@0,1 battle_shout@3 trueshot_aura@4",
    raid: "mangle@0.0,0.1 demo_shout@0.3 hunters_mark@0.4 faerie_fire@0.0,0.1 sunder_armor@0.3",
    possible: "demo_roar:weaker expose_armor:weaker"
  },
  {
    name: "a bear without a warrior roars",
    groups: ["bear cat combat"],
    raid: "demo_roar@0.0 expose_armor@0.2",
    missing: "battle_shout thunder_clap !sunder_armor"
  },
  {
    name: "a cat does not roar",
    groups: ["cat prot"],
    raid: "demo_shout@0.1",
    possible: "commanding_shout:slot_taken",
    missing: "!demo_roar"
  },
  {
    name: "a rogue with the talent beats sunder",
    groups: ["ass fury combat"],
    raid: "expose_armor@0.0,0.2",
    possible: "sunder_armor:weaker"
  },
  {
    name: "no warlock",
    groups: ["sp fire ele boom rdru"],
    missing: "curse_of_elements blood_pact soulstone !curse_of_recklessness !shadow_embrace",
    party: "vampiric_touch@0 vampiric_embrace@0 totem_of_wrath@2 wrath_of_air@2 mana_spring@2 moonkin_aura@3"
  },
  {
    name: "two warlocks: the one with Malediction takes the elements",
    groups: ["destro aff fury"],
    raid: "curse_of_elements@0.1 curse_of_recklessness@0.0 improved_shadow_bolt@0.0"
  },
  {
    name: "one warlock among melees curses for them",
    groups: ["destro fury arms combat ret"],
    raid: "curse_of_recklessness@0.0 blood_frenzy@0.2",
    possible: "curse_of_elements:slot_taken blood_pact:unknown"
  },
  {
    name: "hunters: each beast master adds",
    groups: ["bm bm bm mm sv"],
    party: "ferocious_inspiration@0,1,2 trueshot_aura@3",
    raid: "hunters_mark@0.3,0.0,0.1,0.2,0.4 expose_weakness@0.4",
    missing: "leader_of_the_pack !scorpid_sting !screech"
  },
  {
    name: "one paladin gives each class what it needs most",
    groups: ["hpal fury prot arc rdru"],
    given: { kings: "Warrior Warrior:tank", wisdom: "Paladin Druid", salvation: "Mage" },
    possible: "kings:slot_taken salvation:slot_taken might:slot_taken wisdom:slot_taken light:slot_taken",
    missing: "sanctuary"
  },
  {
    name: "two paladins: might by whom has the talent",
    groups: ["hpal ret fury"],
    given: { kings: "Paladin Warrior", might: "Paladin Warrior" },
    raid: "might@0.1 kings@0.0"
  },
  {
    name: "three paladins: three different blessings for rogues",
    groups: ["hpal hpal ret combat"],
    given: {
      might: "Rogue",
      kings: "Paladin Rogue",
      wisdom: "Paladin",
      salvation: "Paladin Rogue"
    }
  },
  {
    name: "four paladins: one has nothing left for mages",
    groups: ["hpal hpal hpal hpal arc"],
    given: { kings: "Paladin Mage", wisdom: "Paladin Mage", salvation: "Paladin Mage" }
  },
  {
    name: "tanks get no salvation",
    groups: ["hpal hpal prot bear"],
    given: { kings: "Paladin Warrior:tank Druid:tank", might: "Warrior:tank Druid:tank", wisdom: "Paladin" }
  },
  {
    name: "a paladin without kings",
    groups: ["hpal-kings combat"],
    given: { might: "Rogue", wisdom: "Paladin" },
    missing: "kings"
  },
  {
    name: "a draenei hunter",
    groups: ["bm/Draenei combat arc"],
    faction: "alliance",
    party: "ferocious_inspiration@0 heroic_presence@0",
    missing: "inspiring_presence",
    sure: "heroic_presence"
  },
  { name: "nobody's race is known", groups: ["bm combat arc"], faction: "alliance", missing: "heroic_presence" },
  {
    name: "the horde does not miss what the alliance has",
    groups: ["bm combat arc"],
    faction: "horde",
    missing: "!heroic_presence !inspiring_presence"
  },
  {
    name: "drums that somebody brings",
    groups: ["combat+drums arc"],
    party: "drums@0",
    sure: "drums",
    possible: "eye_of_the_night:unknown"
  },
  {
    name: "a holy priest with improved spirit",
    groups: ["hpr+divine_spirit arc"],
    raid: "divine_spirit@0.0 fortitude@0.0",
    sure: "divine_spirit"
  },
  { name: "a holy priest of whom nobody says so", groups: ["hpr arc"], missing: "divine_spirit power_infusion" },
  {
    name: "an imp",
    groups: ["destro+blood_pact prot"],
    party: "blood_pact@0 commanding_shout@1",
    sure: "blood_pact commanding_shout",
    possible: "battle_shout:slot_taken"
  },
  {
    name: "bloodlust for the whole raid",
    groups: ["rsh arc", "combat fury"],
    raid: "bloodlust@0.0",
    missing: "!bloodlust"
  },
  {
    name: "bloodlust for the party, in 2021",
    ruleset: old,
    groups: ["rsh arc", "combat fury"],
    party: "bloodlust@0 wrath_of_air@0 mana_spring@0 mana_tide@0",
    second: "battle_shout@1"
  },
  {
    name: "the horde of Classic Era does not miss paladins",
    ruleset: era,
    faction: "horde",
    groups: ["fury combat enh cat prot"],
    party: "battle_shout@0,4 windfury_totem@2 strength_of_earth@2 leader_of_the_pack@3",
    missing: "trueshot_aura blood_pact !kings !devotion_aura",
    assumed: "battle_shout windfury_totem strength_of_earth"
  },
  {
    name: "the alliance of Classic Era does not miss shamans",
    ruleset: era,
    faction: "alliance",
    groups: ["fury combat hpal prot arc"],
    party: "battle_shout@0,3 devotion_aura@2",
    missing: "!windfury_totem !strength_of_earth",
    possible: "concentration_aura:slot_taken"
  },
  {
    name: "nothing is known of the faction",
    ruleset: era,
    groups: ["fury arc"],
    missing: "kings windfury_totem curse_of_elements"
  },
  {
    name: "two warlocks of Classic Era: shadow and the elements",
    ruleset: era,
    groups: ["destro aff arc"],
    raid: "curse_of_shadow@0.0 curse_of_elements@0.1"
  },
  {
    name: "a druid's innervate goes to whom it helps most, a second to the next",
    groups: ["rdru boom hpr arc"],
    given: { innervate: "0.0 0.2", rebirth: "0.0 0.2" }
  },
  {
    name: "power infusion goes to a mage",
    groups: ["disc destro arc"],
    given: { power_infusion: "0.2", soulstone: "0.0" },
    raid: "divine_spirit@0.0"
  },
  {
    name: "a paladin judges what helps most",
    groups: ["ret combat fury", "hpal arc arc"],
    raid: "imp_seal_crusader@0.0 judgement_wisdom@1.0",
    possible: "judgement_light:slot_taken"
  },
  {
    name: "a Balance druid who heals has the first row of Restoration, and no tree",
    groups: ["dream prot"],
    raid: "gift_of_the_wild@0.0 insect_swarm@0.0",
    missing: "tree_of_life",
    assumed: "gift_of_the_wild insect_swarm"
  },
  {
    name: "a moonkin among melees, where mages lack it",
    groups: ["boom fury combat arms prot", "arc fire"],
    warnings: [
      "party_effect_wasted 0.0 moonkin_aura helps_nobody",
      "party_effect_wasted 0.4 commanding_shout already_given"
    ]
  },
  {
    name: "two ferals in one group, where another lacks them",
    groups: ["cat bear prot", "fury combat"],
    warnings: ["party_effect_wasted 0.1 leader_of_the_pack already_given"]
  },
  {
    name: "three warriors: the third has no shout left",
    groups: ["fury arms prot", "ppal hpal"],
    warnings: ["party_effect_wasted 0.2 commanding_shout already_given"]
  },
  {
    name: "two shamans for mages, and none for the other mages",
    groups: ["prot", "rsh rsh arc frost", "fire frost"],
    warnings: [
      "party_effect_wasted 1.1 wrath_of_air already_given",
      "party_effect_wasted 1.1 mana_spring already_given"
    ]
  },
  { name: "nobody", groups: ["", ". . ."], party: "", second: "", raid: "", missing: "!fortitude", warnings: [] }
]

const placeOf = ({ group, slot }: { readonly group: number; readonly slot: number }) => `${group}.${slot}`
const words = (text: string) => text.split(" ").filter((word) => word !== "")
const helpful = (covered: ReadonlyArray<Covered>) =>
  covered
    .filter(({ value }) => value > 0)
    .map(({ effect, by }) => `${effect}@${by.map(({ slot }) => slot).join(",")}`)
    .toSorted()

const all = ({ groups, ...raid }: RaidCoverage) => ({
  covered: [...raid.covered, ...(groups[0]?.covered ?? [])],
  missing: [...raid.missing, ...(groups[0]?.missing ?? [])].map(({ effect }) => effect),
  possible: [...raid.possible, ...(groups[0]?.possible ?? [])].map(({ effect, reason }) => `${effect}:${reason}`)
})

describe("seatings made by hand", () => {
  it("are at least forty", () => assert.isAtLeast(rows.length, 40))

  it.each(rows)("$name", ({ ruleset = "tbc-anniversary@1", faction = null, groups, ...expected }) => {
    const raid = { ...raidOf(...groups), targets: {} }
    const coverage = coverageOf(rulesets.get(ruleset)!.ruleset, {}, { faction, raids: [raid] })
    const told = coverage.raids[0]!
    const { covered, missing, possible } = all(told)
    if (expected.party !== undefined)
      assert.deepStrictEqual(helpful(told.groups[0]!.covered), words(expected.party).toSorted())
    if (expected.second !== undefined)
      assert.deepStrictEqual(helpful(told.groups[1]!.covered), words(expected.second).toSorted())
    const ofRaid = told.covered.map(({ effect, by }) => `${effect}@${by.map(placeOf).join(",")}`)
    assert.includeMembers(ofRaid, words(expected.raid ?? ""))
    for (const [effect, to] of Object.entries(expected.given ?? {})) {
      const given = told.covered.find((one) => one.effect === effect)?.to ?? []
      const named = given.map(({ class: name, tank, seat }) => (seat ? placeOf(seat) : tank ? `${name}:tank` : name))
      assert.sameMembers(named, words(to), effect)
    }
    for (const word of words(expected.missing ?? "")) {
      if (word.startsWith("!")) assert.notInclude(missing, word.slice(1))
      else assert.include(missing, word)
    }
    assert.includeMembers(possible, words(expected.possible ?? ""))
    for (const [list, assumed] of [
      [expected.sure, false],
      [expected.assumed, true]
    ] as const) {
      for (const id of words(list ?? "")) {
        assert.strictEqual(covered.find(({ effect }) => effect === id)?.assumed, assumed, id)
      }
    }
    if (expected.warnings !== undefined) {
      const shown = coverage.warnings.map((one) =>
        one.code === "party_effect_wasted" ? `${one.code} ${placeOf(one)} ${one.effect} ${one.reason}` : one.code
      )
      assert.deepStrictEqual(
        shown.filter((one) => one !== "no_tank"),
        expected.warnings
      )
    }
  })
})
