import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { step } from "./servers/Watchdog.ts"

export const usage = `\
The whole service on embedded PostgreSQL and Redis, with Discord, Warcraft Logs and Battle.net simulated.

npm run demo -- [options]
  --data <folder>     where the data are kept between runs (local/demo)
  --fresh             forget the data of earlier runs
  --help              show this

Environment variables
  APP_PORT            port of the service (8000)
  FRONTEND_BASE_URL   where the browser app runs; a small page is served there when nothing else is (http://localhost:4200)
  LOG_LEVEL           Trace, Debug, Info, Warn, Error or Fatal (Error)
`

const local = fileURLToPath(new URL("../../local/demo", import.meta.url))

/** What the command line asks for; words it does not know end the start. */
export const options = step(async () => {
  const { data = local, fresh } = parseArgs({
    options: { data: { type: "string" }, fresh: { type: "boolean", default: false } }
  }).values
  return { home: resolve(data), fresh }
})
