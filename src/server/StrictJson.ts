const maxDepth = 32

const isClean = (text: string) => text.isWellFormed() && !text.includes("\u0000")

const walk = (value: unknown, depth: number): string | undefined => {
  if (typeof value === "string") return isClean(value) ? undefined : "holds a character that cannot be stored"
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "holds a number out of range"
  if (typeof value !== "object" || value === null) return undefined
  if (depth === maxDepth) return "is nested too deeply"
  for (const [key, child] of Object.entries(value)) {
    const fault = isClean(key) ? walk(child, depth + 1) : "holds a character that cannot be stored"
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Whether an object in well-formed JSON has a duplicate key: parsers disagree on which value counts. */
const hasTwins = (text: string) => {
  const objects: Array<Set<string> | undefined> = []
  let last = ""
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === "{") objects.push(new Set())
    else if (token === "[") objects.push(undefined)
    else if (token === "}" || token === "]") objects.pop()
    else if (token === ":") {
      const keys = objects.at(-1)!
      const key = JSON.parse(last) as string
      if (keys.has(key)) return true
      keys.add(key)
    } else last = token
  }
  return false
}

/** The problem with a JSON text, or undefined if it parses, is not too deep, is unambiguous and can be stored. */
export const checkJson = (text: string): string | undefined => {
  if (text.startsWith("\uFEFF")) return "starts with a byte order mark"
  if (text === "") return undefined
  try {
    return walk(JSON.parse(text), 0) ?? (hasTwins(text) ? "has a duplicate key" : undefined)
  } catch {
    return "is not JSON"
  }
}
