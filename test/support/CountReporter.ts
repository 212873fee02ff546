import { readFileSync } from "node:fs"
import type { SerializedError } from "vitest"
import type { Reporter, TestCase, TestModule, Vitest } from "vitest/node"

/** The requirement ids, such as A01, whose tests all passed. */
const requirementsOf = (tests: ReadonlyArray<TestCase>) => {
  const held = new Map<string, boolean>()
  for (const test of tests) {
    for (const id of /^(?:[A-Z]\d\d )+/.exec(test.name)?.[0].trim().split(" ") ?? []) {
      held.set(id, (held.get(id) ?? true) && test.result().state === "passed")
    }
  }
  return [...held].flatMap(([id, holds]) => (holds ? [id] : [])).toSorted()
}

/** Totals of what was searched for secrets; a file in which one was found has failed. */
const scanOf = (path: string) => {
  const total = { databases: 0, lines: 0, keys: 0, secrets: 0 }
  for (const line of readFileSync(path, "utf8").split("\n").filter(Boolean))
    for (const [name, count] of Object.entries(JSON.parse(line))) total[name as keyof typeof total] += Number(count)
  const { databases, lines, keys, secrets } = total
  return `Looked for ${secrets} tokens and every configured secret in ${lines} log lines, ${databases} databases and ${keys} Redis keys.`
}

const slowest = 5

/** The slowest files, a line each: seconds from the import to the last hook. */
const slowestOf = (modules: ReadonlyArray<TestModule>) =>
  modules
    .map((module) => {
      const { collectDuration, setupDuration, duration } = module.diagnostic()
      return { file: module.relativeModuleId, seconds: (collectDuration + setupDuration + duration) / 1000 }
    })
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, slowest)
    .map(({ file, seconds }) => `${seconds.toFixed(1).padStart(6)} s  ${file}`)

/**
 * Ends the output with `123 passed, 0 failed`. Skipped tests, files that did not load and errors outside of tests count
 * as failed, and a run without any test fails. Only tests that `-t` leaves out are not counted.
 */
export class CountReporter implements Reporter {
  private vitest: Vitest | undefined

  onInit(vitest: Vitest) {
    this.vitest = vitest
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<SerializedError>) {
    const filtered = this.vitest?.config.testNamePattern !== undefined
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const passed = tests.filter((test) => test.result().state === "passed").length
    const skipped = filtered ? [] : tests.filter((test) => test.result().state === "skipped")
    const failed = tests.filter((test) => /failed|pending/.test(test.result().state)).length
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length

    const ids = requirementsOf(tests)
    const lines = ids.length === 0 ? [] : [`${ids.length} requirements hold: ${ids.join(" ")}`]
    const looked = this.vitest?.projects[0]?.getProvidedContext().looked
    if (looked !== undefined) lines.push(scanOf(looked))
    lines.push(...skipped.map((test) => `Skipped: ${test.module.relativeModuleId} > ${test.fullName}`))
    if (passed + failed === 0) lines.push("No test ran.")
    if (modules.length > 0) lines.push("Slowest files:", ...slowestOf(modules))
    lines.push(`${passed} passed, ${failed + skipped.length + broken} failed`)
    process.stdout.write(`${lines.join("\n")}\n`)
    if (passed === 0 || failed + skipped.length + broken > 0) process.exitCode = 1
  }
}
