/** Milliseconds from the first that is counted until all is forgotten. */
export const windowMs = 60_000

/** Fixed windows in memory, at most `capacity` of them: the oldest is forgotten for a new one. */
export const makeWindows = (capacity: number) => {
  const windows = new Map<string, { used: number; readonly ends: number }>()

  const windowOf = (key: string, now: number) => {
    const known = windows.get(key)
    if (known !== undefined && known.ends > now) return known
    windows.delete(key)
    if (windows.size >= capacity) windows.delete(windows.keys().next().value!)
    const fresh = { used: 0, ends: now + windowMs }
    windows.set(key, fresh)
    return fresh
  }

  return {
    /** As the script of the Limiter counts: for each key up to the first over its limit, the count and what is left. */
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
    size: () => windows.size
  }
}
