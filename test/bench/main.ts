import { spawn } from "node:child_process"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Data, Effect } from "effect"
import { root } from "./Kinds.ts"
import { keepAside } from "./Machine.ts"
import { memory } from "./Memory.ts"
import { readOptions } from "./Options.ts"
import { replicas } from "./Replicas.ts"
import { scale } from "./Scale.ts"
import { table } from "./Table.ts"
import { tail } from "./Tail.ts"

/*
 * What a request costs this service, beside others that owe the same: `npm run bench -- --help`. Everything runs on
 * 127.0.0.1 and ends with this process.
 */

class CommandFailed extends Data.TaggedError("CommandFailed")<{ readonly said: string }> {}

const run = (cwd: string, ...words: ReadonlyArray<string>) =>
  Effect.callback<void, CommandFailed>((resume) => {
    const [command = "", ...rest] = words
    const child = spawn(command, rest, { cwd, stdio: ["ignore", "ignore", "inherit"] })
    child.once("error", (error) => resume(new CommandFailed({ said: error.message })))
    child.once("exit", (code) =>
      resume(code === 0 ? Effect.void : new CommandFailed({ said: `${words.join(" ")} ended with ${code}` }))
    )
    return Effect.sync(() => child.kill("SIGTERM"))
  })

const bench = Effect.gen(function* () {
  const options = readOptions()
  keepAside()
  yield* run(root, "npm", "run", "build")
  if (
    (options.mode === "table" || options.mode === "p99") &&
    options.kinds.some((kind) => kind !== "bundle" && kind !== "source")
  )
    yield* run(`${root}test/bench/peers`, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
  yield* { table, memory, p99: tail, scale, replicas }[options.mode](options)
})

NodeRuntime.runMain(Effect.scoped(bench))
