/** The ids of a class at Battle.net and Warcraft Logs, and its three talent trees in order. */
interface ClassFacts {
  readonly bnetId: number
  readonly wclId: number
  readonly trees: readonly [string, string, string]
}

const classes: Readonly<Record<string, ClassFacts>> = {
  Warrior: { bnetId: 1, wclId: 11, trees: ["Arms", "Fury", "Protection"] },
  Paladin: { bnetId: 2, wclId: 6, trees: ["Holy", "Protection", "Retribution"] },
  Hunter: { bnetId: 3, wclId: 3, trees: ["Beast Mastery", "Marksmanship", "Survival"] },
  Rogue: { bnetId: 4, wclId: 8, trees: ["Assassination", "Combat", "Subtlety"] },
  Priest: { bnetId: 5, wclId: 7, trees: ["Discipline", "Holy", "Shadow"] },
  Shaman: { bnetId: 7, wclId: 9, trees: ["Elemental", "Enhancement", "Restoration"] },
  Mage: { bnetId: 8, wclId: 4, trees: ["Arcane", "Fire", "Frost"] },
  Warlock: { bnetId: 9, wclId: 10, trees: ["Affliction", "Demonology", "Destruction"] },
  Druid: { bnetId: 11, wclId: 2, trees: ["Balance", "Feral Combat", "Restoration"] }
}

export const factsOf = (className: string): ClassFacts => {
  const facts = classes[className]
  if (facts === undefined) throw new Error(`The simulated world has no class ${className}`)
  return facts
}

/** How a character of the given spec has spent 61 points on the three trees. */
export const pointsOf = (className: string, spec: string): readonly [number, number, number] => {
  const { trees } = factsOf(className)
  const main = trees.findIndex((tree) => tree.replace(" ", "").startsWith(spec))
  if (main <= 0) return [41, 0, 20]
  return main === 1 ? [8, 47, 6] : [0, 20, 41]
}
