/** Which effect each provider gives: its index, or −1. */
export interface Assignment {
  readonly value: number
  readonly choices: ReadonlyArray<number>
}

/**
 * The best that providers can give of one slot's effects, when each gives one: of `worth[provider][effect]`, 0 where it
 * cannot. An effect counts once, unless it stacks: then each who gives it adds to it. Exact, by dynamic programming over
 * the sets of effects that are given; of equal ones the first in order.
 */
export const assign = (worth: ReadonlyArray<ReadonlyArray<number>>, stacks: ReadonlyArray<boolean>): Assignment => {
  const useful = stacks.map((_, effect) => effect).filter((effect) => worth.some((row) => row[effect]! > 0))
  // A set is of those that count once: bit n is the nth.
  const bits = new Map(useful.filter((effect) => !stacks[effect]).map((effect, bit) => [effect, 1 << bit]))
  const sets = 1 << bits.size
  let best = new Int32Array(sets).fill(-1)
  best[0] = 0
  const steps = worth.map((row) => {
    const next = best.slice()
    const taken = new Int16Array(sets).fill(-1)
    for (const effect of useful) {
      const gain = row[effect]!
      if (gain === 0) continue
      const bit = bits.get(effect) ?? 0
      for (let set = 0; set < sets; set++) {
        if (best[set]! < 0 || (set & bit) !== 0) continue
        if (best[set]! + gain > next[set | bit]!) {
          next[set | bit] = best[set]! + gain
          taken[set | bit] = effect
        }
      }
    }
    best = next
    return taken
  })
  let set = 0
  for (let other = 1; other < sets; other++) if (best[other]! > best[set]!) set = other
  const value = best[set]!
  const choices = worth.map(() => -1)
  for (let provider = worth.length - 1; provider >= 0; provider--) {
    const effect = steps[provider]![set]!
    choices[provider] = effect
    if (effect >= 0) set &= ~(bits.get(effect) ?? 0)
  }
  return { value, choices }
}
