import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { constants } from "node:os"

/*
 * Runs a shell command with the packages of this folder on the path: `node test/tools/run.ts "tsc && oxlint"`. It installs
 * them first if they are absent or the lock file has changed since.
 */

const tools = import.meta.dirname
const mark = join(tools, "node_modules/.installed")
const wanted = createHash("sha256")
  .update(readFileSync(join(tools, "package-lock.json")))
  .digest("hex")

const installed = () => {
  try {
    return readFileSync(mark, "utf8") === wanted
  } catch {
    return false
  }
}

const run = (command: string, words: ReadonlyArray<string>, env = process.env) => {
  const { status, signal } = spawnSync(command, words, { stdio: "inherit", env })
  const code = status ?? 128 + (signal === null ? 0 : constants.signals[signal])
  if (code !== 0) process.exit(code)
}

if (!installed()) {
  process.stderr.write("Installing the tools of test/tools, once…\n")
  run("npm", ["ci", "--prefix", tools, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
  // Effect's diagnostics, in the compiler of this folder.
  run("sh", ["-c", 'cd "$1" && node_modules/.bin/effect-tsgo patch', "sh", tools])
  writeFileSync(mark, wanted)
}
const path = [join(tools, "node_modules/.bin"), process.env.PATH].join(delimiter)
run("sh", ["-c", [process.argv[2], ...process.argv.slice(3)].join(" ")], { ...process.env, PATH: path })
