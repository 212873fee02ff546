import { readFileSync } from "node:fs"
import { SourceMap } from "node:module"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const readMap = (file: string) => {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, "utf8")))
  } catch {
    return undefined
  }
}

/**
 * Makes stack traces name the lines of the source. Node's own `--enable-source-maps` keeps every map in memory from the
 * start, a fifth of all; this reads them when the first trace is written.
 */
export const nameSourceLines = () => {
  const maps = new Map<string, SourceMap | undefined>()
  const mapOf = (file: string) => {
    if (!maps.has(file)) maps.set(file, readMap(file))
    return maps.get(file)
  }

  const located = (site: NodeJS.CallSite) => {
    const text = String(site)
    const [place, url, line, column] = /(file:[^)]+\.js):(\d+):(\d+)/.exec(text) ?? []
    if (place === undefined) return text
    const file = fileURLToPath(url!)
    const origin = mapOf(file)?.findOrigin(Number(line), Number(column))
    if (origin === undefined || !("fileName" in origin)) return text
    const source = relative(process.cwd(), join(dirname(file), origin.fileName))
    return text.replace(place, `${source}:${origin.lineNumber}:${origin.columnNumber}`)
  }

  Error.prepareStackTrace = (error, sites) =>
    [String(error), ...sites.map((site) => `    at ${located(site)}`)].join("\n")
}
