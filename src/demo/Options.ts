import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { step } from "./servers/Watchdog.ts"

export const usage = `\
Runs the whole service with embedded PostgreSQL and Redis, and simulated Discord, Warcraft Logs and Battle.net.

npm run demo -- [options]
  --data <folder>     where to keep the data between runs (local/demo)
  --fresh             delete the data of earlier runs
  --help              show this help

Environment variables
  APP_PORT            port of the service (8000)
  FRONTEND_BASE_URL   origin of the browser app; if nothing else runs there, a small page is served (http://localhost:4200)
  LOG_LEVEL           Trace, Debug, Info, Warn, Error or Fatal (Error)
`

const local = fileURLToPath(new URL("../../local/demo", import.meta.url))

/** The options given on the command line; an unknown option stops the start. */
export const options = step(async () => {
  const { data = local, fresh } = parseArgs({
    options: { data: { type: "string" }, fresh: { type: "boolean", default: false } }
  }).values
  return { home: resolve(data), fresh }
})
