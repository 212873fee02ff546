import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { folder } from "./run.ts"

/** Writes down what it is asked, with the password it reads; a registry's manifest is what PUBLISHED says, if anything. */
const skopeo = `#!/usr/bin/env bash
case $1 in
  login) echo "$* <$(cat)>" >>"$CALLS" ;;
  inspect)
    case $3 in
      oci:*) cat "\${3#oci:}/index.json" ;;
      *) [ -n "$PUBLISHED" ] && echo "$PUBLISHED" ;;
    esac ;;
  manifest-digest) echo "sha256:$(cat "$2")" ;;
  copy)
    for last; do :; done
    echo "copy $last" >>"$CALLS"
    case $last in oci:*) exit "\${COPY:-0}" ;; esac ;;
esac
`
const grype = `#!/usr/bin/env bash
printf 'NAME SEVERITY\\n%s\\n' "$FOUND"
case $1 in *arm64) exit "$EXIT" ;; esac
`

const withImage = Effect.gen(function* () {
  const made = yield* folder({ skopeo, grype })
  yield* Effect.promise(() => mkdir(made.file("image")))
  yield* made.write(join("image", "index.json"), "new")
  yield* Effect.promise(() =>
    promisify(execFile)("tar", ["-cf", made.file("image.tar"), "-C", made.file("image"), "index.json"])
  )
  const run = (script: string, env: Record<string, string>) =>
    made.run(script, [made.file("image.tar")], { CALLS: made.file("calls"), PUBLISHED: "", ...env })
  return { ...made, run }
})

const github = {
  GITHUB_REPOSITORY: "Acme/Raid",
  GITHUB_ACTOR: "octo",
  GITHUB_TOKEN: "ghs",
  DOCKERHUB_IMAGE: "",
  DOCKERHUB_USERNAME: "",
  DOCKERHUB_TOKEN: ""
}

describe("Publishing", () => {
  it.live("goes to GHCR alone without the secrets of Docker Hub", () =>
    Effect.gen(function* () {
      const { read, run } = yield* withImage
      const { code, output, summary } = yield* run("publish.sh", { ...github, TAGS: "sha-0123456 edge-main latest" })
      assert.deepStrictEqual([code, output], [0, ""])
      assert.deepStrictEqual((yield* read("calls")).trim().split("\n"), [
        "login ghcr.io --username octo --password-stdin <ghs>",
        "copy docker://ghcr.io/acme/raid:sha-0123456",
        "copy docker://ghcr.io/acme/raid:edge-main",
        "copy docker://ghcr.io/acme/raid:latest"
      ])
      assert.include(summary, "- `ghcr.io/acme/raid:latest` is `sha256:new`\n")
    })
  )

  it.live("goes to Docker Hub too with them, and says which variable is missing before it pushes", () =>
    Effect.gen(function* () {
      const { read, run } = yield* withImage
      const env = { ...github, TAGS: "1.2.3", DOCKERHUB_USERNAME: "acmebot", DOCKERHUB_TOKEN: "dckr" }
      const refused = yield* run("publish.sh", env)
      assert.strictEqual(refused.code, 1)
      assert.include(refused.out, "::error::")
      assert.notInclude(yield* read("calls"), "copy")
      assert.strictEqual((yield* run("publish.sh", { ...env, DOCKERHUB_IMAGE: "acme/raid" })).code, 0)
      assert.deepStrictEqual((yield* read("calls")).trim().split("\n").slice(-3), [
        "login docker.io --username acmebot --password-stdin <dckr>",
        "copy docker://ghcr.io/acme/raid:1.2.3",
        "copy docker://docker.io/acme/raid:1.2.3"
      ])
    })
  )

  it.live("tells the image that a pull request had before, if it was another", () =>
    Effect.gen(function* () {
      const { run } = yield* withImage
      assert.strictEqual((yield* run("publish.sh", { ...github, TAGS: "pr-12" })).output, "")
      assert.strictEqual((yield* run("publish.sh", { ...github, TAGS: "pr-12", PUBLISHED: "new" })).output, "")
      const { output } = yield* run("publish.sh", { ...github, TAGS: "pr-12", PUBLISHED: "old" })
      assert.strictEqual(output, "before=sha256:old\n")
    })
  )
})

describe("The scan", () => {
  it.live("reports each platform, warns of what is high and fails on what is critical", () =>
    Effect.gen(function* () {
      const { file, run } = yield* withImage
      const env = { GRYPE: join(file("bin"), "grype"), EXIT: "0" }
      const high = yield* run("scan.sh", { ...env, FOUND: "libfoo High" })
      assert.strictEqual(high.code, 0)
      assert.include(high.out, "::warning::linux/amd64 has 1 vulnerabilities of high severity")
      const low = yield* run("scan.sh", { ...env, FOUND: "highlight Low" })
      assert.strictEqual(low.code, 0)
      assert.notInclude(low.out, "::")
      const critical = yield* run("scan.sh", { ...env, FOUND: "libbar Critical", EXIT: "2" })
      assert.strictEqual(critical.code, 2)
      assert.include(critical.out, "::error::")
      for (const text of [
        "### Vulnerabilities in linux/amd64",
        "### Vulnerabilities in linux/arm64",
        "libbar Critical"
      ]) {
        assert.include(critical.summary, text)
      }
    })
  )

  it.live("fails when the image cannot be read", () =>
    Effect.gen(function* () {
      const { file, run } = yield* withImage
      const env = { GRYPE: join(file("bin"), "grype"), EXIT: "0", FOUND: "", COPY: "3" }
      assert.strictEqual((yield* run("scan.sh", env)).code, 3)
    })
  )
})
