import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { current, currentFile, generators, mark, pretty, releaseFile, typesFile, version } from "./Document.ts"

/*
 * Makes the client's types from the OpenAPI document. `-- --release` also keeps the document as that of this version, which
 * later ones are compared with.
 */

const run = (command: string, words: ReadonlyArray<string>) => execFileSync(command, words, { stdio: "inherit" })

mkdirSync(dirname(currentFile), { recursive: true })
writeFileSync(currentFile, pretty(current))
const generator = join(generators, "node_modules/.bin/openapi-typescript")
if (!existsSync(generator)) run("npm", ["ci", "--ignore-scripts", "--prefix", generators])
run(generator, [currentFile, "--immutable", "--output", typesFile])
writeFileSync(typesFile, mark + readFileSync(typesFile, "utf8"))
if (process.argv.includes("--release")) writeFileSync(releaseFile, pretty({ ...current, "x-release": version }))
