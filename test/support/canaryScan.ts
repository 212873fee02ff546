import { appendFileSync } from "node:fs"
import { afterAll, inject } from "vitest"
import { assertClean, looked, redisText } from "./canaries.ts"

/*
 * For every test file: the service's log lines are kept from the terminal, and at the end no secret of the file's run
 * may stand in them or in Redis; its databases are looked through before they are dropped.
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
  assertClean("log", lines.join("\n"))
  if (looked.databases > 0) assertClean("Redis", await redisText())
  appendFileSync(inject("looked"), `${JSON.stringify({ ...looked, secrets: looked.secrets() })}\n`)
})
