import { execFileSync } from "node:child_process"
import { Effect } from "effect"
import { root } from "../bench/Kinds.ts"
import { cases } from "./Cases.ts"
import { readOptions } from "./Options.ts"
import { type Done, say, writeReport } from "./Report.ts"
import { startWorld } from "./World.ts"

/* What the world does to a running service, done to two replicas of the bundle: `npm run faults -- --help`. */

const options = readOptions(cases)
execFileSync("npm", ["run", "build"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] })

const run = Effect.gen(function* () {
  const world = yield* startWorld
  const done: Array<Done> = []
  for (const id of options.ids) {
    const since = performance.now()
    const result = yield* Effect.promise(async () => {
      await world.calm()
      return cases[id]!(world, options)
    })
    const one: Done = { id, ...result, seconds: (performance.now() - since) / 1000, rounds: options.rounds }
    say(one)
    done.push(one)
  }
  if (options.report) writeReport(done, { postgres: world.postgres.version, redis: world.redis.flavour })
  return done.every(({ figures }) => figures.every(({ ok }) => ok))
})

const isWell = await Effect.runPromise(Effect.scoped(run))
process.exit(isWell ? 0 : 1)
