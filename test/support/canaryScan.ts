import { appendFileSync } from "node:fs"
import { afterAll, inject } from "vitest"
import { assertClean, looked, redisText } from "./canaries.ts"

/*
 * For every test file: the service's log lines are kept off the terminal, and at the end neither they nor Redis may
 * contain a secret of the file's run. Its databases are searched before they are dropped.
 */
/* oxlint-disable no-console -- the service's JSON logger writes by console.log */
const lines: Array<string> = []
const print = console.log
console.log = (...words: ReadonlyArray<unknown>) => {
  const [first] = words
  if (typeof first === "string" && first.startsWith('{"')) lines.push(first)
  else print(...words)
}

afterAll(async () => {
  console.log = print
  looked.lines = lines.length
  assertClean("The log", lines.join("\n"))
  if (looked.databases > 0) assertClean("Redis", await redisText())
  appendFileSync(inject("looked"), `${JSON.stringify({ ...looked, secrets: looked.secrets() })}\n`)
})
