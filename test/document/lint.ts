import { mkdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { openApiDocument } from "../../src/Api.ts"
import { rulesets, type RulesetDefinition, spectral } from "../tools/spectral.ts"

/*
 * Writes the OpenAPI document to local/openapi.json, and holds it to the rules of Spectral: any error or warning fails.
 * `npm run check` then holds the file to those of Redocly.
 */

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const file = pathOf("../../local/openapi.json")
const text = `${JSON.stringify(openApiDocument(), null, 2)}\n`
mkdirSync(pathOf("../../local"), { recursive: true })
writeFileSync(file, text)

const linter = new spectral.Spectral()
// Every recommended rule but one, which does not know that OpenAPI 3.1 lets a bearer scheme name roles; Redocly looks for
// schemes that are not declared.
linter.setRuleset({
  extends: [[rulesets.oas as RulesetDefinition, "recommended"]],
  rules: { "oas3-operation-security-defined": "off" }
})
const problems = await linter.run(text)
for (const { code, message, path } of problems) process.stderr.write(`${code} at ${path.join("/")}: ${message}\n`)
process.stdout.write(`Spectral: ${problems.length} problems.\n`)
process.exit(problems.length === 0 ? 0 : 1)
