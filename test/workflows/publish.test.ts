import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { folder, root } from "./run.ts"

/** Records its arguments and the password it reads; answers with PUBLISHED as the manifest, if set. */
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
case $1 in dir:*) cp "\${1#dir:}/package-lock.json" "$CALLS" ;; esac
case $1 in *$IN) exit "$EXIT" ;; esac
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
  it.live("goes only to GHCR without the Docker Hub secrets", () =>
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

  it.live("goes to Docker Hub too with the secrets, and names a missing variable before it pushes", () =>
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

  it.live("reports the previous image of a pull request, if it was another", () =>
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
  const run = (env: { FOUND: string; IN?: string; EXIT?: string; COPY?: string }) =>
    Effect.gen(function* () {
      const { file, read, run } = yield* withImage
      const result = yield* run("scan.sh", { GRYPE: join(file("bin"), "grype"), IN: "nothing", EXIT: "0", ...env })
      return { ...result, bundle: yield* read("calls") }
    })

  it.live("reports each platform and the bundle, and warns of high findings", () =>
    Effect.gen(function* () {
      const { bundle, code, out, summary } = yield* run({ FOUND: "libfoo High" })
      assert.strictEqual(code, 0)
      for (const name of ["linux/amd64", "linux/arm64", "the bundle"]) {
        assert.include(out, `::warning::Of high severity in ${name}: 1.`)
        assert.include(summary, `### Vulnerabilities in ${name}\n\n\`\`\`\nNAME SEVERITY\nlibfoo High\n`)
      }
      const { packages } = JSON.parse(bundle) as { packages: Record<string, { version: string }> }
      const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
        dependencies: Record<string, string>
      }
      for (const [name, version] of Object.entries(dependencies)) {
        assert.strictEqual(packages[`node_modules/${name}`]?.version, version)
      }
      assert.notProperty(packages, "node_modules/vitest")
    })
  )

  it.live.each(["amd64", "arm64", "bundle"])("fails on critical findings in %s, after all scans", (IN) =>
    Effect.gen(function* () {
      const { code, out, summary } = yield* run({ FOUND: "highlight Low", IN, EXIT: "2" })
      assert.strictEqual(code, 2)
      assert.include(out, "::error::")
      assert.notInclude(out, "::warning::")
      assert.include(summary, "### Vulnerabilities in the bundle")
    })
  )

  it.live("fails when the image cannot be read", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* run({ FOUND: "", COPY: "3" })).code, 3)
    })
  )
})
