import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { generators } from "../../clients/Document.ts"
import { demoFolder, startDemo } from "../demo/demoProcess.ts"

/*
 * Makes clients from the served document with the generators that others use, compiles them strictly, and runs each from
 * signing in to a refresh. Not part of `npm test`, because it installs them.
 */

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const tool = (name: string) => join(generators, "node_modules/.bin", name)
if (!existsSync(tool("orval"))) {
  execFileSync("npm", ["ci", "--ignore-scripts", "--prefix", generators], { stdio: "inherit" })
}

mkdirSync(pathOf("../../local"), { recursive: true })
const place = mkdtempSync(join(pathOf("../../local"), "clients-"))
const folder = await demoFolder()
const demo = await startDemo({ folder: folder.path })
try {
  const origin = new URL(demo.api).origin
  cpSync(pathOf("others"), place, { recursive: true })
  symlinkSync(join(generators, "node_modules"), join(place, "node_modules"))
  const inPlace = { cwd: place, encoding: "utf8", env: { ...process.env, API: origin } } as const
  writeFileSync(join(place, "openapi.json"), await (await fetch(`${demo.api}/openapi.json`)).text())
  execFileSync(tool("openapi-typescript"), ["openapi.json", "--output", "schema.ts"], inPlace)
  const output = { target: "orval.generated.ts", client: "fetch", baseUrl: origin }
  const config = { api: { input: "openapi.json", output } }
  writeFileSync(join(place, "orval.config.mjs"), `export default ${JSON.stringify(config)}\n`)
  execFileSync(tool("orval"), ["--config", "orval.config.mjs"], inPlace)

  const types = join(fileURLToPath(new URL("../../node_modules/@types", import.meta.url)))
  const flags = [
    "--strict",
    "--noEmit",
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--lib",
    "es2023,dom,dom.iterable"
  ]
  flags.push("--allowImportingTsExtensions", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes")
  flags.push("--typeRoots", types, "--types", "node", "--skipLibCheck")
  execFileSync(tool("tsc"), [...flags, "fetch.ts", "orval.ts"], { ...inPlace, stdio: ["ignore", "inherit", "inherit"] })
  for (const program of ["fetch.ts", "orval.ts"]) {
    const said = execFileSync(process.execPath, [program], inPlace)
    assert.match(said, /^\S+ has level \d+\.\n$/)
    process.stdout.write(`${program}: ${said}`)
  }
} finally {
  await demo.end("SIGINT")
  await folder.remove()
  rmSync(place, { recursive: true, force: true })
}
