import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { root } from "../../bench/Kinds.ts"
import { none, type Result } from "../Figures.ts"

interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
}

/** Cases that ordinary tests cover: those that carry the id are run. */
export const testsOf =
  (id: string, title: string, ...files: ReadonlyArray<string>) =>
  async (): Promise<Result> => {
    const folder = mkdtempSync(join(tmpdir(), "raid-faults-"))
    const path = join(folder, "report.json")
    const words = ["vitest", "run", ...files, "-t", id, "--reporter=json", `--outputFile=${path}`]
    const child = spawn("npx", words, { cwd: root, stdio: "ignore" })
    await new Promise((resolve) => child.once("exit", resolve))
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(path, "utf8")) as VitestReport
    rmSync(folder, { recursive: true })
    return {
      title,
      load: `The tests whose names begin with ${id}: \`npx vitest run -t ${id}\``,
      statuses: {},
      figures: [none("tests failed", numPassedTests + numFailedTests, numFailedTests)]
    }
  }
