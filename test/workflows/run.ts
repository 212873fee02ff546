import { Effect } from "effect"
import { spawn } from "node:child_process"
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../..", import.meta.url))
const scripts = join(root, ".github/scripts")

/** A temporary folder, removed with the scope; `programs` are put first on the PATH of what runs in it. */
export const folder = Effect.fnUntraced(function* (programs: Record<string, string> = {}) {
  const path = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "workflow-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true }))
  )
  const file = (name: string) => join(path, name)
  const write = (name: string, text: string) => Effect.promise(() => writeFile(file(name), text))
  const read = (name: string) => Effect.promise(() => readFile(file(name), "utf8").catch(() => ""))
  yield* Effect.promise(() => mkdir(file("bin")))
  yield* Effect.forEach(Object.entries(programs), ([name, text]) =>
    Effect.andThen(
      write(join("bin", name), text),
      Effect.promise(() => chmod(file(join("bin", name)), 0o755))
    )
  )

  /** Runs a script of the workflows as the runner does, with GitHub's files in this folder. */
  const run = Effect.fnUntraced(function* (script: string, args: ReadonlyArray<string>, env: Record<string, string>) {
    const child = spawn(
      script.endsWith(".ts") ? process.execPath : "bash",
      [...(script.endsWith(".ts") ? [] : ["--noprofile", "--norc", "-eo", "pipefail"]), join(scripts, script), ...args],
      {
        cwd: root,
        env: {
          PATH: `${file("bin")}${delimiter}${process.env["PATH"] ?? ""}`,
          GITHUB_EVENT_PATH: file("event.json"),
          GITHUB_OUTPUT: file("output"),
          GITHUB_STEP_SUMMARY: file("summary"),
          ...env
        }
      }
    )
    let out = ""
    child.stdout.on("data", (data: Buffer) => (out += data.toString()))
    child.stderr.on("data", (data: Buffer) => (out += data.toString()))
    const code = yield* Effect.promise(() => new Promise<number | null>((resolve) => child.on("close", resolve)))
    return { code, out, output: yield* read("output"), summary: yield* read("summary") }
  })

  return { file, write, read, run }
})
