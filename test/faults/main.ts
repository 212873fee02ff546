import { execFileSync } from "node:child_process"
import { Effect } from "effect"
import { root } from "../bench/Kinds.ts"
import { cases } from "./Cases.ts"
import { readOptions } from "./Options.ts"
import { type Done, say, writeReport } from "./Report.ts"
import { startWorld, type World } from "./World.ts"

/* What the world does to a running service, done to two replicas of the bundle: `npm run faults -- --help`. */

const options = readOptions()
execFileSync("npm", ["run", "build"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] })

/** A machine with other things to do makes times miss, so those are measured again; what was lost stays lost. */
const mostAttempts = 5
const longest = 120

const attempt = async (world: World, id: string): Promise<Done> => {
  for (let times = 1; ; times += 1) {
    await world.calm()
    const since = performance.now()
    const result = await cases[id]!.run(world, options)
    const missed = result.figures.filter(({ ok }) => !ok)
    const seconds = (performance.now() - since) / 1000
    const isFinal = times === mostAttempts || seconds > longest || missed.some(({ timed }) => !timed)
    if (missed.length === 0 || isFinal) return { id, ...result, seconds, times }
    process.stdout.write(
      `${id} again, as these missed: ${missed.map(({ what, worst, p99 }) => `${what} (${p99 ?? worst})`).join("; ")}\n`
    )
  }
}

/** Seconds for a case with its attempts: one that stands still is told, and does not keep others waiting. */
const patience = options.short ? 600 : 7200

const run = Effect.gen(function* () {
  const world = yield* startWorld
  const done: Array<Done> = []
  for (const id of options.ids) {
    const one = yield* Effect.promise(() => attempt(world, id)).pipe(
      Effect.timeoutOrElse({
        duration: `${patience} seconds`,
        orElse: () => Effect.die(new Error(`${id} did not end within ${patience} s.`))
      })
    )
    say(one)
    for (const line of world.replicas.flatMap((replica) => replica.unexpected()))
      process.stdout.write(`  ${line.slice(0, 2000)}\n`)
    done.push(one)
  }
  if (options.report) writeReport(done, { postgres: world.postgres.version, redis: world.redis.flavour })
  return done.every(({ figures }) => figures.every(({ ok }) => ok))
})

const isWell = await Effect.runPromise(Effect.scoped(run))
process.exit(isWell ? 0 : 1)
