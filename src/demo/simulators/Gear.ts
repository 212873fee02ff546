import type { SimCharacter } from "./World.ts"
import { hash } from "./World.ts"

/** An item of a CombatantInfo event; absent properties are left out, as on the real site. */
export interface WornItem {
  readonly id: number
  readonly quality: number
  readonly icon: string
  readonly itemLevel: number
  readonly permanentEnchant?: number
  readonly temporaryEnchant?: number
  readonly gems?: ReadonlyArray<{ readonly id: number; readonly itemLevel: number; readonly icon: string }>
}

/** In slot order, 1 head to 19 tabard: icon stem, enchantment, sockets. */
const slots: ReadonlyArray<readonly [icon: string, enchant: number | undefined, sockets: number]> = [
  ["inv_helmet", 3003, 2],
  ["inv_jewelry_necklace", undefined, 0],
  ["inv_shoulder", 2986, 2],
  ["inv_shirt", undefined, 0],
  ["inv_chest_plate", 2661, 3],
  ["inv_belt", undefined, 1],
  ["inv_pants_mail", 3012, 2],
  ["inv_boots_plate", 2657, 2],
  ["inv_bracer", 2647, 0],
  ["inv_gauntlets", 2937, 1],
  ["inv_jewelry_ring", undefined, 0],
  ["inv_jewelry_ring", undefined, 0],
  ["inv_misc_bone", undefined, 0],
  ["inv_misc_orb", undefined, 0],
  ["inv_misc_cape", 368, 0],
  ["inv_weapon_shortblade", 2673, 0],
  ["inv_shield", undefined, 0],
  ["inv_weapon_bow", undefined, 0],
  ["inv_misc_tabard", undefined, 0]
]

const shirt = 3
const mainHand = 15
const offHand = 16
const tabard = 18

const gem = (seed: number) => ({
  id: 24_027 + (seed % 40),
  itemLevel: 70,
  icon: `inv_jewelcrafting_${seed % 2 === 0 ? "livingruby" : "nightseye"}_03.jpg`
})

const nothing: WornItem = { id: 0, quality: 1, icon: "inv_axe_02.jpg", itemLevel: 0 }

const isBare = (slot: number, seed: number) =>
  (slot === offHand && seed % 2 === 0) || ((slot === shirt || slot === tabard) && seed % 3 === 0)

const twoDigits = (value: number) => String(value).padStart(2, "0")

/** The gear of a character in a fight: 19 entries, always the same for the same outfit. */
export const gearOf = (
  { name, realm }: Pick<SimCharacter, "name" | "realm">,
  outfit: string
): ReadonlyArray<WornItem> =>
  slots.map(([icon, enchant, sockets], slot) => {
    const seed = hash("gear", realm, name, outfit, slot)
    if (isBare(slot, hash("bare", realm, name, slot))) return nothing
    const plain = slot === shirt || slot === tabard
    return {
      id: plain ? 4334 + (seed % 90) : 28_400 + (seed % 2400),
      quality: plain ? 2 : seed % 5 === 0 ? 3 : 4,
      icon: `${icon}_${twoDigits(1 + (seed % 60))}.jpg`,
      itemLevel: plain ? 1 : 110 + (seed % 32),
      ...(enchant === undefined || seed % 7 === 0 ? {} : { permanentEnchant: enchant }),
      ...(slot === mainHand ? { temporaryEnchant: 2678 } : {}),
      ...(sockets === 0 || seed % 11 === 0
        ? {}
        : { gems: Array.from({ length: sockets }, (_, index) => gem(hash("gem", seed, index))) })
    }
  })
