/** Milliseconds from a window's first count until it is reset. */
export const windowMs = 60_000

interface Window {
  used: number
  readonly ends: number
}

/** Fixed windows in memory, at most `capacity` of them. The least recently used half is dropped when they are full. */
export const makeWindows = (capacity: number) => {
  // Two maps, since finding the oldest entry of a single one would scan all the entries deleted before it.
  let recent = new Map<string, Window>()
  let older = new Map<string, Window>()

  const keep = (key: string, window: Window) => {
    older.delete(key)
    recent.set(key, window)
    if (recent.size >= capacity / 2) {
      older = recent
      recent = new Map()
    }
    return window
  }

  const windowOf = (key: string, now: number) => {
    const known = recent.get(key) ?? older.get(key)
    return keep(key, known !== undefined && known.ends > now ? known : { used: 0, ends: now + windowMs })
  }

  return {
    /** Counts like the RateLimiter's script: count and milliseconds left per key, up to the first over its limit. */
    count: (keys: ReadonlyArray<string>, limits: ReadonlyArray<number>, now: number): ReadonlyArray<number> => {
      const counts: Array<number> = []
      for (const [index, key] of keys.entries()) {
        const window = windowOf(key, now)
        window.used += 1
        counts.push(window.used, window.ends - now)
        if (window.used > limits[index]!) break
      }
      return counts
    },
    /** Copies the result of a count made in Redis. */
    learn: (keys: ReadonlyArray<string>, counts: ReadonlyArray<number>, now: number) => {
      for (let index = 0; index < counts.length / 2; index++) {
        keep(keys[index]!, { used: counts[2 * index]!, ends: now + counts[2 * index + 1]! })
      }
    },
    size: () => recent.size + older.size
  }
}
