import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"

import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { build } from "rolldown"
import { live, TestApp } from "../support/TestApp.ts"

const run = promisify(execFile)
const pathOf = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const client = pathOf("clients/typescript")
const tsc = pathOf("test/tools/node_modules/.bin/tsc")

/** A program of a user: it compiles only if the package's types are found and say what the document says. */
const user = `
import { attempt, createClient } from "raid-composition-client"
const api = createClient({ baseUrl: "https://api.example" })
const { guilds } = await api.get("/api/v1/guilds")
export const region: "us" | "eu" | "kr" | "tw" | "cn" | undefined = guilds[0]?.region
const deleted = await attempt(api.delete("/api/v1/guilds/{guild_id}", { path: { guild_id: "x" } }))
export const refused: boolean = !deleted.ok && deleted.error.code === "guild.admin_required"
// @ts-expect-error -- no code of this operation
export const wrong: boolean = !deleted.ok && deleted.error.code === "guild.last_admin"
// @ts-expect-error -- no such path
void api.get("/api/v1/nothing")
// @ts-expect-error -- its path parameter is missing
void api.get("/api/v1/guilds/{guild_id}")
// @ts-expect-error -- not a region
void api.patch("/api/v1/guilds/{guild_id}", { path: { guild_id: "x" }, body: { region: "mars" } })
`

/** The package as its users get it: compiled, in a node_modules folder, with its examples beside. */
const installed = Effect.acquireRelease(
  Effect.promise(async () => {
    await mkdir(pathOf("local"), { recursive: true })
    const home = await mkdtemp(join(pathOf("local"), "client-"))
    const place = join(home, "node_modules/raid-composition-client")
    await run(tsc, ["-p", client, "--outDir", join(place, "dist")])
    await cp(join(client, "package.json"), join(place, "package.json"))
    await cp(join(client, "examples"), home, { recursive: true })
    return { home, place }
  }),
  ({ home }) => Effect.promise(() => rm(home, { recursive: true, force: true }))
)

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("the client package", (it) => {
  it.effect("compiles, is small, needs no other package, and its example for Node runs", () =>
    Effect.gen(function* () {
      const { url } = yield* TestApp
      const { home, place } = yield* installed
      const entry = join(place, "dist/index.js")
      const { output } = yield* Effect.promise(() => build({ input: entry, write: false, output: { minify: true } }))
      assert.isBelow(output[0].code.length, 6 * 1024)
      assert.isEmpty(output[0].moduleIds.filter((file) => !file.includes("raid-composition-client/dist/")))
      yield* Effect.promise(() => writeFile(join(home, "user.ts"), user))
      const flags = [
        "--strict",
        "--noEmit",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "--types",
        "",
        "--lib",
        "es2023,dom"
      ]
      yield* Effect.promise(() => run(tsc, [...flags, join(home, "user.ts"), "--ignoreConfig"], { cwd: home }))
      const example = yield* Effect.promise(() =>
        run(process.execPath, [join(home, "node.mjs")], { env: { PATH: process.env.PATH, API: url } })
      )
      assert.match(example.stdout, /^Night Watch is made\.\n\S+ has level \d+\.\n$/)
    })
  )
})
