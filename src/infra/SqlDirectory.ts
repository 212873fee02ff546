import { Data, Effect } from "effect"
import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { splitStatements, type SqlStatement } from "./SqlStatements.ts"

/** What one file holds. */
export interface SqlScript {
  readonly file: string
  readonly statements: ReadonlyArray<SqlStatement>
  /** False when its first line asks for none. */
  readonly inTransaction: boolean
}

/** The first line of a file whose one statement cannot run in a transaction. */
export const noTransaction = "-- no-transaction"

/** One change of the database: a pair of files, or a single file that cannot be reverted. */
export interface SqlFile {
  /** Timestamp and words without the extension, as recorded in the history. */
  readonly name: string
  readonly up: string
  readonly down: string | undefined
  readonly script: SqlScript
  /** SHA-256 of the up file in hex, with line endings normalised. */
  readonly checksum: string
}

/** Why the work stopped. `reason` is the end of a sentence. */
export class SqlFault extends Data.TaggedError("SqlFault")<{
  readonly reason: string
  /** True if PostgreSQL did not respond, so a retry may succeed. */
  readonly unreachable: boolean
}> {
  static readonly because = (reason: string) => new SqlFault({ reason, unreachable: false })
}

/** The time that fourteen digits of UTC stand for, or undefined if there is no such time. */
export const millisOf = (digits: string): number | undefined => {
  const iso = digits.replace(/^(....)(..)(..)(..)(..)(..)$/, "$1-$2-$3T$4:$5:$6.000Z")
  const millis = Date.parse(iso)
  return !Number.isNaN(millis) && new Date(millis).toISOString() === iso ? millis : undefined
}

const nameRule = "<14 digits of UTC time>_<lower-case letters, digits, underscores>.up.sql, .down.sql or .sql"

const parse = (file: string) => {
  const [, name = "", timestamp = "", suffix = ""] = /^((\d{14})_[a-z0-9_]+)(\.up|\.down)?\.sql$/.exec(file) ?? []
  return millisOf(timestamp) !== undefined
    ? Effect.succeed({ file, name, timestamp, isDown: suffix === ".down" })
    : SqlFault.because(`${file} is not a valid name; it must be ${nameRule}`)
}

/** Reads UTF-8, normalises line endings and drops a byte order mark. */
const readText = (directory: string, file: string) =>
  Effect.tryPromise({
    try: async () =>
      new TextDecoder("utf-8", { fatal: true }).decode(await readFile(join(directory, file))).replaceAll("\r\n", "\n"),
    catch: (cause) => SqlFault.because(`${file} cannot be read as UTF-8 text: ${(cause as Error).message}`)
  })

const scriptOf = Effect.fnUntraced(function* (file: string, text: string) {
  // It ends a text in the protocol: the server would call the rest of the message broken and hang up.
  if (text.includes("\0")) return yield* SqlFault.because(`${file} contains a NUL character`)
  const statements = yield* Effect.try({
    try: () => splitStatements(text),
    catch: (cause) => SqlFault.because(`${file}: ${(cause as Error).message}`)
  })
  const inTransaction = /^[^\n\r]*/.exec(text)?.[0].trimEnd() !== noTransaction
  // Of several statements the first ones would stay when a later one fails, and nothing would know of them.
  if (!inTransaction && statements.length !== 1)
    return yield* SqlFault.because(
      `${file} begins with "${noTransaction}" and so must hold exactly one statement, but holds ${statements.length}`
    )
  return { file, statements, inTransaction } satisfies SqlScript
})

export const readScript = Effect.fnUntraced(function* (directory: string, file: string) {
  return yield* scriptOf(file, yield* readText(directory, file))
})

const load = Effect.fnUntraced(function* (directory: string, name: string, up: string, down: string | undefined) {
  const text = yield* readText(directory, up)
  const checksum = createHash("sha256").update(text).digest("hex")
  return { name, up, down, checksum, script: yield* scriptOf(up, text) } satisfies SqlFile
})

/** The changes in a directory, oldest first. Hidden files and Markdown are ignored; other stray files are an error. */
export const readSqlFiles = Effect.fnUntraced(function* (directory: string) {
  const entries = yield* Effect.tryPromise({
    try: () => readdir(directory),
    catch: () => SqlFault.because(`the directory ${directory} cannot be read`)
  })
  const parts = yield* Effect.forEach(
    entries.filter((entry) => !entry.startsWith(".") && !entry.endsWith(".md")).toSorted(),
    parse
  )
  const ups = parts.filter((part) => !part.isDown)
  for (const [index, up] of ups.entries()) {
    const before = ups[index - 1]
    if (before?.timestamp === up.timestamp)
      return yield* SqlFault.because(`${before.file} and ${up.file} have the same timestamp`)
  }
  const downs = new Map(parts.filter((part) => part.isDown).map((part) => [part.name, part.file]))
  const orphan = [...downs.keys()].find((name) => !ups.some((up) => up.name === name))
  if (orphan !== undefined) return yield* SqlFault.because(`${downs.get(orphan)} reverts a file that does not exist`)
  return yield* Effect.forEach(ups, ({ name, file }) => load(directory, name, file, downs.get(name)))
})
