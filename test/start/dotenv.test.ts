import { assert, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** What `npm start` prints in a folder with this `.env`: never enough variables to start. */
const started = async (file: string | undefined, env: Readonly<Record<string, string>>) => {
  const folder = await mkdtemp(join(tmpdir(), "dotenv-"))
  try {
    if (file !== undefined) await writeFile(join(folder, ".env"), file)
    const { start } = JSON.parse(await readFile(join(root, "package.json"), "utf8")).scripts as { start: string }
    const words = start.replaceAll("./src/", `${root}src/`).replace(" src/", ` ${root}src/`)
    return await new Promise<string>((resolve) => {
      const [, ...rest] = words.split(" ")
      execFile(process.execPath, rest, { cwd: folder, env }, (_, stdout, stderr) => resolve(stdout + stderr))
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const misses = (said: string, name: string) => new RegExp(`\\b${name}\\b`).test(said)

it("npm start reads .env, and the environment wins", async () => {
  const without = await started(undefined, {})
  assert.isTrue(misses(without, "APP_PORT"))
  assert.isTrue(misses(without, "REDIS_HOST"))
  const read = await started("APP_PORT=8000\nREDIS_HOST=127.0.0.1\nDB_PORT=5432\n", { DB_PORT: "not a port" })
  assert.isFalse(misses(read, "APP_PORT"))
  assert.isFalse(misses(read, "REDIS_HOST"))
  assert.isTrue(misses(read, "DB_PORT"))
})

it("npm start reads no .env in production", async () => {
  assert.isTrue(misses(await started("APP_PORT=8000\n", { NODE_ENV: "production" }), "APP_PORT"))
})

it("a Node that cannot run the source says so in one sentence", async () => {
  const old = `Object.defineProperty(process.versions, "node", { value: "20.1.0" }); await import(${JSON.stringify(`${root}src/preload.js`)})`
  const said = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(process.execPath, ["--input-type=module", "-e", old], (error, _, stderr) =>
      resolve({ code: error?.code, stderr })
    )
  })
  assert.strictEqual(said.code, 1)
  assert.match(said.stderr, /^Node 20\.1\.0 cannot run this source: use Node 24 [^\n]+\n$/)
})
