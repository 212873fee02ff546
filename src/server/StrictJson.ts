const maxDepth = 32
/** Far more than anything has that we take. */
const maxKeys = 1000

const unstorable = "holds a character that cannot be stored"

const isClean = (text: string) => text.isWellFormed() && !text.includes("\u0000")

const walk = (value: unknown): string | undefined => {
  if (typeof value === "string") return isClean(value) ? undefined : unstorable
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "holds a number out of range"
  if (typeof value !== "object" || value === null) return undefined
  if (Array.isArray(value)) {
    for (const child of value) {
      const fault = walk(child)
      if (fault !== undefined) return fault
    }
    return undefined
  }
  for (const [key, child] of Object.entries(value)) {
    const fault = isClean(key) ? walk(child) : unstorable
    if (fault !== undefined) return fault
  }
  return undefined
}

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a]
const [braceOpen, braceClose, bracketOpen, bracketClose] = [0x7b, 0x7d, 0x5b, 0x5d]

/** Where a string ends that begins at `from`: at its closing quote, or at the end of the text. */
const endOfString = (text: string, from: number) => {
  let end = text.indexOf('"', from + 1)
  while (end > 0) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes += 1
    if (escapes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
  return text.length
}

/** Of well-formed JSON or not: nesting, and keys that an object has twice, as parsers disagree on which value counts. */
const shapeFault = (text: string): string | undefined => {
  const objects: Array<Set<string> | undefined> = []
  let [from, to] = [0, 0]
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at)
    if (sign === quote) {
      from = at
      at = endOfString(text, at)
      to = at
    } else if (sign === colon) {
      const keys = objects.at(-1)
      if (keys === undefined) return "is not JSON"
      const raw = text.slice(from + 1, to)
      const key = raw.includes("\\") ? (JSON.parse(`"${raw}"`) as string) : raw
      if (keys.has(key)) return "has a duplicate key"
      if (keys.size === maxKeys) return "has an object with too many keys"
      keys.add(key)
    } else if (sign === braceOpen || sign === bracketOpen) {
      if (objects.length === maxDepth) return "is nested too deeply"
      objects.push(sign === braceOpen ? new Set() : undefined)
    } else if (sign === braceClose || sign === bracketClose) objects.pop()
  }
  return undefined
}

/**
 * The problem with a JSON text, or undefined if it parses, is not too deep, is unambiguous and can be stored. The text is
 * looked through before it is parsed, so that one made to cost much costs little. `more` is a further look at the value.
 */
export const checkJson = (text: string, more?: (json: unknown) => string | undefined): string | undefined => {
  if (text.startsWith("\uFEFF")) return "starts with a byte order mark"
  if (text === "") return undefined
  try {
    const fault = shapeFault(text)
    if (fault !== undefined) return fault
    const value: unknown = JSON.parse(text)
    return more?.(value) ?? walk(value)
  } catch {
    return "is not JSON"
  }
}
