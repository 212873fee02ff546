import { xchacha20poly1305 } from "@noble/ciphers/chacha.js"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { createHmac, randomBytes } from "node:crypto"
import { readFile } from "node:fs/promises"
import { splitStatements } from "../../src/infra/SqlStatements.ts"
import { schemaOf } from "../infra/schemaOf.ts"
import { emptyDatabase } from "../infra/SqlFolders.ts"
import { environment } from "../support/environment.ts"

/** The cookies in the browsers of the old sessions. */
export const tokens = { live: "live-token", csrf: "old-csrf", expired: "expired-token", revoked: "revoked-token" }

const hash = (domain: string, token: string) =>
  createHmac("sha256", environment.SESSION_HMAC_SECRET).update(`${domain}:${token}`).digest("base64")

const seal = (text: string) => {
  const nonce = randomBytes(24)
  const cipher = xchacha20poly1305(Buffer.from(environment.DISCORD_TOKEN_ENCRYPTION_KEY, "hex"), nonce)
  return `v1:${nonce.toString("base64url")}:${Buffer.from(cipher.encrypt(Buffer.from(text))).toString("base64url")}`
}

/** Runs a file of this folder; `:name` stands for a value, in quotation marks. */
const runFile = Effect.fnUntraced(function* (file: string, values: Readonly<Record<string, string>> = {}) {
  const sql = yield* SqlClient.SqlClient
  const text = yield* Effect.promise(() => readFile(new URL(file, import.meta.url), "utf8"))
  const filled = text.replaceAll(/(?<=[\s(]):(\w+)/g, (_, name: string) => `'${values[name]}'`)
  for (const statement of splitStatements(filled)) yield* sql.unsafe(statement.text).unprepared
})

/** A database of the earlier service: `tables` alone, or with rows. Discord tokens are sealed as that service did. */
export const oldDatabase = Effect.fnUntraced(function* (discord = { access: "access", refresh: "refresh" }) {
  const database = yield* emptyDatabase
  yield* Effect.provide(
    Effect.andThen(
      runFile("old.sql"),
      runFile("oldData.sql", {
        live: hash("session", tokens.live),
        csrf: hash("csrf", tokens.csrf),
        expired: hash("session", tokens.expired),
        revoked: hash("session", tokens.revoked),
        access: seal(discord.access),
        refresh: seal(discord.refresh)
      })
    ),
    database.layer
  )
  const query = (text: string) =>
    Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe<Record<string, unknown>>(text).unprepared).pipe(
      Effect.provide(database.layer)
    )
  return { ...database, query }
})

/** Every table of the database: its definition and all its rows. */
export const contents = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const schemas = ["public", "adopted"]
  const tables = yield* sql<{ name: string }>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ${sql.in(schemas)} order by 1`
  const rows = yield* Effect.forEach(tables, ({ name }) =>
    sql.unsafe(`select '${name}' as name, md5(string_agg(t::text, '|' order by t::text)) from ${name} t`)
  )
  return { rows: rows.flat(), lines: yield* schemaOf("public") }
})
