import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { SqlFault } from "../infra/SqlDirectory.ts"
import { adoptInto, recordSeeds } from "../infra/SqlFiles.ts"
import { tablesOf } from "./Catalog.ts"
import { copy, count } from "./Copy.ts"
import { copySnapshots } from "./CopySnapshots.ts"
import { aside, dependants, missingIn, promised, setAside, snapshots, snapshotSources } from "./OldTables.ts"

/** The tables that rows are copied into. Later migrations are applied to the copied rows, as in any installation. */
const copiedInto = "20261123130000_guild_management"

/** The guild of the roster seed: where it is, its people and characters are, too. */
const seededGuild = "a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae"

const here = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ schema: string | null }>`select current_schema() as schema`
  const schema = row?.schema ?? "public"
  return { schema, tables: yield* tablesOf(schema) }
})

/** An installation that was seeded once is not seeded again, with other names and other people. */
const adoptSeeds = Effect.fnUntraced(function* (hasHistory: boolean) {
  const seeded = hasHistory ? yield* count(`${aside}.seed_history`) : 0
  if (seeded === 0 && (yield* count("guilds", `id = '${seededGuild}'`)) === 0) return
  yield* recordSeeds
  yield* Effect.logInfo("The seeds are marked as applied")
})

/**
 * Takes over the database of the earlier service: its tables are moved into a schema of their own, the migrations make
 * ours, and the rows are copied. Whatever the old constraints, indexes and types were called, what comes of it is
 * exactly the schema of a new installation, and the old rows stay where a person can look at them. Changing the tables
 * in place would have to know every form they may have. One transaction: any fault leaves the database as it was.
 * False when the database has a history of ours and there is nothing to do.
 */
export const adoptFrom = (directory: string) =>
  adoptInto(
    directory,
    Effect.fnUntraced(function* (apply) {
      const { schema, tables: old } = yield* here
      if (!old.has("users")) return yield* SqlFault.because("there is no table users; npm run migrate -- up makes it")
      const sources = snapshotSources(old)
      const wanted = new Set([...promised.keys(), "seed_history", ...snapshots.keys(), ...sources.values()])
      yield* setAside(
        schema,
        [...wanted].filter((table) => old.has(table))
      )
      yield* apply(copiedInto)
      const { tables: ours } = yield* here

      const faults = missingIn(old)
      const done = new Set<string>()
      for (const table of promised.keys())
        if (!faults.some((fault) => fault.startsWith(`${table}: `)))
          faults.push(...(yield* copy(table, ours, old, done)))
      if (faults.length > 0)
        return yield* SqlFault.because(["the database is not as it must be", ...faults].join("\n  "))

      for (const table of snapshots.keys()) {
        const source = sources.get(table)
        if (source !== undefined) yield* copySnapshots(table, source, ours, old)
        else yield* Effect.logInfo(`No table was recognised as ${table}: these come with the next refresh`)
      }
      yield* adoptSeeds(old.has("seed_history"))
      yield* apply()
      for (const { name } of yield* dependants) yield* Effect.logInfo(`${name} still belongs to the old tables`)
      yield* Effect.logInfo(`The old tables lie in the schema ${aside} until a person drops it`)
      return true
    })
  ).pipe(Effect.map((adopted) => adopted === true))
