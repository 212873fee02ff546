import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { openApiDocument } from "../src/Api.ts"

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url))

export const typesFile = pathOf("typescript/src/schema.ts")
/** The document of the last release, with its version. */
export const releaseFile = pathOf("../docs/openapi.json")
export const generators = pathOf("generators")
export const currentFile = pathOf("../local/openapi.json")

export const current = openApiDocument()

/** The first line of the types: which document they are made from. */
export const mark = `// Made by \`npm run client\` from the document ${createHash("sha256").update(JSON.stringify(current)).digest("hex")}.\n`

const versionOf = (file: string) => (JSON.parse(readFileSync(pathOf(file), "utf8")) as { version: string }).version

export const version = versionOf("../package.json")
export const clientVersion = versionOf("typescript/package.json")

export const pretty = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
