import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { SqlFault } from "../infra/SqlDirectory.ts"
import { adoptInto, recordSeeds } from "../infra/SqlFiles.ts"
import { tablesOf } from "./Catalog.ts"
import { copy, count } from "./Copy.ts"
import { copySnapshots } from "./CopySnapshots.ts"
import { aside, dependants, missingIn, promised, setAside, snapshots, snapshotSources } from "./OldTables.ts"

/** The migration whose tables the rows are copied into. Later ones are applied to the copied rows, as usual. */
const copiedInto = "20261123130000_guild_management"

/** The guild of the roster seed: if it exists, its users and characters do too. */
const seededGuild = "a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae"

const here = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ schema: string | null }>`select current_schema() as schema`
  const schema = row?.schema ?? "public"
  return { schema, tables: yield* tablesOf(schema) }
})

/** If the installation was seeded before, it must not be seeded again with different data. */
const adoptSeeds = Effect.fnUntraced(function* (hasHistory: boolean) {
  const seeded = hasHistory ? yield* count(`${aside}.seed_history`) : 0
  if (seeded === 0 && (yield* count("guilds", `id = '${seededGuild}'`)) === 0) return
  yield* recordSeeds
  yield* Effect.logInfo("The seeds are marked as applied")
})

/**
 * Takes over the database of the earlier service: moves its tables into a separate schema, creates ours with the
 * migrations, and copies the rows. The result is exactly the schema of a new installation, however the old constraints,
 * indexes and types were named, and the old rows stay available. Changing the tables in place would require knowing
 * every form they may have. It is one transaction, so any fault leaves the database unchanged. False if the database
 * already has a migration history.
 */
export const adoptFrom = (directory: string) =>
  adoptInto(
    directory,
    Effect.fnUntraced(function* (apply) {
      const { schema, tables: old } = yield* here
      if (!old.has("users")) return yield* SqlFault.because("there is no users table; npm run migrate -- up creates it")
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
        return yield* SqlFault.because(["the database does not have the expected form", ...faults].join("\n  "))

      for (const table of snapshots.keys()) {
        const source = sources.get(table)
        if (source !== undefined) yield* copySnapshots(table, source, ours, old)
        else yield* Effect.logInfo(`No table was recognised as ${table}; its rows will come with the next refreshes`)
      }
      yield* adoptSeeds(old.has("seed_history"))
      yield* apply()
      for (const { name } of yield* dependants) yield* Effect.logInfo(`${name} still depends on the old tables`)
      yield* Effect.logInfo(`The old tables stay in the schema ${aside} until you drop it`)
      return true
    })
  ).pipe(Effect.map((adopted) => adopted === true))
