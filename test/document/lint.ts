import spectral, { type RulesetDefinition } from "@stoplight/spectral-core"
import rulesets from "@stoplight/spectral-rulesets"
import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { openApiDocument } from "../../src/Api.ts"

/* Holds the OpenAPI document to the rules of Redocly and of Spectral: any error or warning fails. */

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const file = pathOf("../../local/openapi.json")
const text = `${JSON.stringify(openApiDocument(), null, 2)}\n`
mkdirSync(pathOf("../../local"), { recursive: true })
writeFileSync(file, text)

// The CLI is one bundled package of 15 MB; as a library Redocly takes twice that.
const environment = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" }
const command = [pathOf("../../node_modules/@redocly/cli/bin/cli.js"), "lint", "--config", pathOf("redocly.yaml"), file]
execFileSync(process.execPath, command, { env: environment, stdio: "inherit" })

const linter = new spectral.Spectral()
// Every recommended rule; none is left out.
linter.setRuleset({ extends: [[rulesets.oas as RulesetDefinition, "recommended"]] })
const problems = await linter.run(text)
for (const { code, message, path } of problems) process.stderr.write(`${code} at ${path.join("/")}: ${message}\n`)
process.stdout.write(`Spectral: ${problems.length} problems.\n`)
process.exit(problems.length === 0 ? 0 : 1)
