import { Schema } from "effect"
import { createHash } from "node:crypto"
import classicEra1 from "./data/classic-era-1.json" with { type: "json" }
import tbc2021 from "./data/tbc-2021-1.json" with { type: "json" }
import tbcAnniversary1 from "./data/tbc-anniversary-1.json" with { type: "json" }
import { Ruleset } from "./Ruleset.ts"
import { rulesetFaults } from "./Words.ts"

const decode = Schema.decodeUnknownSync(Ruleset, { errors: "all", onExcessProperty: "error" })

/** Checks a ruleset from its file. What is wrong with one stops the start. */
export const readRuleset = (json: unknown): Ruleset => {
  const ruleset = decode(json)
  const faults = rulesetFaults(ruleset)
  if (faults.length > 0) throw new Error(`The ruleset ${ruleset.id} is not valid: ${faults.join("; ")}.`)
  return ruleset
}

/** A ruleset as it is answered: its JSON, and a tag that goes with it. */
const published = (json: unknown) => {
  const ruleset = readRuleset(json)
  const body = JSON.stringify({ ruleset })
  return { ruleset, body, tag: createHash("sha256").update(body).digest("hex").slice(0, 16) }
}

/**
 * Every ruleset, newest first of each game version. A file that has been released is never edited: what changes goes into
 * a file with the next version.
 */
export const rulesets: ReadonlyMap<string, ReturnType<typeof published>> = new Map(
  [tbcAnniversary1, tbc2021, classicEra1].map((json) => [json.id, published(json)])
)
