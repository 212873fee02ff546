import type { Asked } from "./BattlenetDocuments.ts"
import { raceOf } from "./BattlenetWords.ts"
import { realmOf } from "./Realms.ts"
import { factsOf } from "./Talents.ts"
import { sameName, type World } from "./World.ts"

/** A guild's name as its address must have it. */
const slugOf = (name: string) => sameName(name).replace(/['’]/g, "").replace(/\s+/g, "-")

/** The roster of a guild by its slug; undefined if there is none. */
export const guildRoster = (world: World, slug: string, realm: string, asked: Omit<Asked, "id">) => {
  const members = world.guild(asked.region, realm, (name) => name !== "" && slugOf(name) === slug)
  const [first] = members
  if (first === undefined) return undefined
  const { id } = realmOf(asked.region, realm)
  const realmView = { id, slug: realm }
  return {
    guild: {
      name: first.guild!.name,
      id: 31_000_000 + members.length,
      realm: realmView,
      faction: { type: first.faction }
    },
    members: members.map((one) => ({
      character: {
        name: one.name,
        id: world.bnetId(one),
        realm: realmView,
        level: one.level ?? 70,
        playable_class: { id: factsOf(one.class).bnetId },
        playable_race: { id: raceOf(one).id },
        faction: { type: one.faction }
      },
      rank: one.guild!.rank
    }))
  }
}
