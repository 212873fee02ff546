import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs, type ParseArgsConfig } from "node:util"
import { step } from "./servers/Watchdog.ts"

const common = `\
  --data <folder>     where to keep the data between runs (local/demo)
  --fresh             delete the data of earlier runs
  --help              show this help

Environment variables
  APP_PORT            port of the service (8000)
  FRONTEND_BASE_URL   origin of the browser app; if nothing else runs there, a small page is served (http://localhost:4200)
  LOG_LEVEL           Trace, Debug, Info, Warn, Error or Fatal`

export const demoUsage = `\
Runs the whole service with embedded PostgreSQL and Redis, and simulated Discord, Warcraft Logs and Battle.net.

npm run demo -- [options]
${common} (Error)
`

export const devUsage = `\
Runs the service and starts it again when its source changes: on the servers that the environment and .env name, or with
--simulated on those of the demo, which run on.

npm run dev -- [--simulated [options]]
${common} (Info)
`

const local = fileURLToPath(new URL("../../local/demo", import.meta.url))

/** The options given on the command line; an unknown option stops the start. */
export const options = (more: ParseArgsConfig["options"] = {}) =>
  step(async () => {
    const { data, fresh } = parseArgs({
      options: { ...more, data: { type: "string", default: local }, fresh: { type: "boolean", default: false } }
    }).values
    return { home: resolve(String(data)), fresh: fresh === true }
  })
