import { readFileSync } from "node:fs"

/** The repository's folder, which is the context of every build. */
export const context = new URL("../../", import.meta.url)

export const textOf = (file: string) => readFileSync(new URL(file, context), "utf8")

export interface Instruction {
  readonly keyword: string
  /** `--from=builder` is `from: "builder"`. */
  readonly flags: Readonly<Record<string, string>>
  /** What follows the flags. */
  readonly text: string
}

export interface Stage {
  readonly image: string
  readonly name: string | undefined
  readonly instructions: ReadonlyArray<Instruction>
}

const instruction = (line: string): Instruction => {
  const [, keyword = "", rest = ""] = /^\s*(\S+)\s*(.*)$/s.exec(line) ?? []
  const [, written = "", text = ""] = /^((?:--\S+\s+)*)(.*)$/s.exec(rest) ?? []
  const flags = Array.from(written.matchAll(/--([\w-]+)=(\S+)/g), ([, name = "", value = ""]) => [name, value])
  return { keyword: keyword.toUpperCase(), flags: Object.fromEntries(flags), text: text.trim() }
}

/** The stages of a Dockerfile. Here-documents and an ARG before the first FROM are not supported. */
export const stagesOf = (dockerfile: string): ReadonlyArray<Stage> => {
  const stages: Array<Stage & { readonly instructions: Array<Instruction> }> = []
  const lines = dockerfile.replaceAll(/^\s*(#.*)?\n/gm, "").replaceAll(/\\\n/g, " ")
  for (const line of lines.split("\n").filter((line) => line.trim() !== "")) {
    const next = instruction(line)
    if (next.keyword === "FROM") {
      const [image = "", , name] = next.text.split(/\s+/)
      stages.push({ image, name, instructions: [] })
    }
    stages.at(-1)!.instructions.push(next)
  }
  return stages
}

/** The words of an instruction in exec form, undefined when it goes through a shell. */
export const wordsOf = (text: string): ReadonlyArray<string> | undefined =>
  text.startsWith("[") ? (JSON.parse(text) as ReadonlyArray<string>) : undefined

/** The last of its kind, which is the one that counts. */
export const last = (stage: Stage, keyword: string) => stage.instructions.findLast((one) => one.keyword === keyword)

const pairsIn = (stage: Stage, keyword: string) =>
  stage.instructions
    .filter((one) => one.keyword === keyword)
    .flatMap(({ text }) => Array.from(text.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g)))
    .map(([, name = "", quoted, plain]) => [name, quoted ?? plain ?? ""] as const)

/** The variables that a container of a stage has, when it was built with these arguments. */
export const variablesIn = (stage: Stage, args: Readonly<Record<string, string>> = {}): Record<string, string> => {
  const known: Readonly<Record<string, string>> = { ...Object.fromEntries(pairsIn(stage, "ARG")), ...args }
  const expand = (text: string) => text.replaceAll(/\$(\w+)/g, (whole, name: string) => known[name] ?? whole)
  return Object.fromEntries(pairsIn(stage, "ENV").map(([name, value]) => [name, expand(value)]))
}

/** The command of the health check, in exec form. */
export const probeOf = (stage: Stage) => wordsOf(last(stage, "HEALTHCHECK")?.text.replace(/^CMD\s+/, "") ?? "")

/** The sources of a COPY and its target. */
export const copyOf = ({ text }: Instruction) => {
  const words = text.split(/\s+/)
  return { sources: words.slice(0, -1), target: words.at(-1)! }
}

const wild: Readonly<Record<string, string>> = { "**": ".*", "**/": ".*", "*": "[^/]*", "?": "[^/]" }

const patternOf = (glob: string) => {
  const parts = glob.replaceAll(/^\/|\/$/g, "").split(/(\*\*\/?|\*|\?)/)
  return new RegExp(`^${parts.map((part) => wild[part] ?? part.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")).join("")}$`)
}

/** Whether a .dockerignore excludes a path, relative to the context: the last line that matches decides. */
export const ignoredBy = (dockerignore: string) => {
  const rules = dockerignore
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ ignores: !line.startsWith("!"), pattern: patternOf(line.replace(/^!/, "")) }))
  return (path: string) => {
    const names = path.replaceAll(/^\.?\/|\/$/g, "").split("/")
    const ways = names.map((_, index) => names.slice(0, index + 1).join("/"))
    return rules.findLast(({ pattern }) => ways.some((way) => pattern.test(way)))?.ignores ?? false
  }
}
