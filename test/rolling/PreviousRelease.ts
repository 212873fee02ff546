import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Effect } from "effect"

const root = fileURLToPath(new URL("../../", import.meta.url))

const run = (words: ReadonlyArray<string>, cwd = root) => promisify(execFile)(words[0]!, words.slice(1), { cwd })

const dependencies = async (folder: string) =>
  JSON.stringify(JSON.parse(await readFile(join(folder, "package.json"), "utf8")).dependencies)

const place = async (commit: string) => {
  await run(["git", "cat-file", "-e", `${commit}^{commit}`]).catch(() => {
    throw new Error(
      `The previous release, commit ${commit} (test/rolling/previous-release), is not in this clone's history: ` +
        "fetch it with `git fetch --unshallow`, or check out with the whole history (fetch-depth: 0)."
    )
  })
  // Below the repository, where its packages are found.
  await mkdir(join(root, "local"), { recursive: true })
  const folder = await mkdtemp(join(root, "local/previous-"))
  const archive = join(folder, "archive.tar")
  await run([
    "git",
    "archive",
    "--output",
    archive,
    commit,
    "src",
    "migrations",
    "seeds",
    "package.json",
    "package-lock.json"
  ])
  await run(["tar", "-xf", archive, "-C", folder])
  if ((await dependencies(folder)) !== (await dependencies(root)))
    await run(["npm", "ci", "--omit=dev", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
  return folder
}

/** The previous release's `main.ts`, as it was committed, removed with the scope. */
export const previousRelease = Effect.acquireRelease(
  Effect.promise(async () => place((await readFile(join(root, "test/rolling/previous-release"), "utf8")).trim())),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
).pipe(Effect.map((folder) => ({ folder, program: join(folder, "src/main.ts") })))
