import { Effect } from "effect"
import { parseArgs } from "node:util"
import { embeddedPostgres } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { compareSplitter } from "./SqlCompare.ts"

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "300" },
    seed: { type: "string", default: String((Math.random() * 2 ** 31) | 0) },
    only: { type: "string" }
  }
})
const files = Number(values.files)
const seed = Number(values.seed)
const only = values.only === undefined ? undefined : Number(values.only)

const say = (line: string) => void process.stdout.write(`${line}\n`)

const run = Effect.gen(function* () {
  const server = yield* embeddedPostgres({})
  say(`PostgreSQL ${server.version}, seed ${seed}`)
  return yield* compareSplitter(server, { files, seed, only, told: say })
})

const { different, byPsql } = await Effect.runPromise(Effect.scoped(run))
say(
  byPsql === 0 ? "psql is not on PATH: compared with the server alone" : `${byPsql} of the files went through psql, too`
)
say(`${files} files, ${different} differences`)
process.exitCode = different === 0 ? 0 : 1
