import { readFileSync } from "node:fs"
import { breaking, mayBreak, type OpenApiDocument } from "./Breaking.ts"
import { clientVersion, current, mark, releaseFile, typesFile, version } from "./Document.ts"

/* Fails when the client's types are not those of the document, or the document breaks what the last release promised. */

const faults: Array<string> = []
if (clientVersion !== version) faults.push(`The client has version ${clientVersion}, the service ${version}.`)
if (!readFileSync(typesFile, "utf8").startsWith(mark)) {
  faults.push("The client's types are not those of the document: run `npm run client`, and commit what it writes.")
}
const released = JSON.parse(readFileSync(releaseFile, "utf8")) as OpenApiDocument & { readonly "x-release": string }
const broken = breaking(released, current as OpenApiDocument)
if (broken.length > 0 && !mayBreak(released["x-release"], version)) {
  faults.push(
    `Programs written for ${released["x-release"]} break: keep what they use, or give package.json a version that may break it.`
  )
  faults.push(...broken.map((line) => `  ${line}`))
}
for (const fault of faults) process.stderr.write(`${fault}\n`)
process.stdout.write(`Client: types of the document, ${broken.length} changes that break ${released["x-release"]}.\n`)
process.exit(faults.length === 0 ? 0 : 1)
