import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Event, tagsOf } from "../../.github/scripts/tags.ts"
import { folder } from "./run.ts"

const repository = { full_name: "acme/raid" }
const commit = "0123456789abcdef0123456789abcdef01234567"

const named = (event: Omit<Event, "repository">, released: ReadonlyArray<string> = [], branch = "main") => {
  const { tags, version } = tagsOf({ repository, ...event }, branch, commit, released)
  return { tags: tags.join(" "), version }
}
const ofRelease = (tag_name: string, released: ReadonlyArray<string> = [], prerelease = false) =>
  named({ release: { tag_name, prerelease } }, [tag_name, ...released])
const ofPull = (repo: string | undefined) =>
  named({ pull_request: { number: 12, head: { repo: repo === undefined ? null : { full_name: repo } } } })

/** Runs it like the workflow. */
const run = Effect.fnUntraced(function* (event: Event, released: string) {
  const { file, write, run } = yield* folder()
  yield* write("event.json", JSON.stringify(event))
  yield* write("released", released)
  const { code, out, output } = yield* run("tags.ts", [file("released")], {
    GITHUB_REF_NAME: "main",
    GITHUB_SHA: commit
  })
  return { code, out, output }
})

describe("The tags of an image", () => {
  it("for a push to main are the commit, the branch and latest", () => {
    assert.deepStrictEqual(named({}), { tags: "sha-0123456 edge-main latest", version: "sha-0123456" })
    assert.strictEqual(named({}, [], "a/b c;$(id)\nx=1").tags, "sha-0123456 edge-a-b-c---id--x-1 latest")
    assert.strictEqual(named({}, [], "x".repeat(200)).tags.split(" ")[1]?.length, 128)
  })

  it.each([
    ["v1.2.3", "1.2.3 1.2 1"],
    ["1.2.3", "1.2.3 1.2 1"],
    ["v0.1.0", "0.1.0 0.1 0"],
    ["v10.20.30", "10.20.30 10.20 10"]
  ] as const)("for the release %s are %s", (tag, tags) => {
    assert.deepStrictEqual(ofRelease(tag), { tags, version: tags.split(" ")[0] })
  })

  it.each([
    "v1.2",
    "1",
    "1.2.3.4",
    "1.2.3-rc.1",
    "v1.2.3+build",
    "release-1",
    "v01.2.3",
    "1.02.3",
    "V1.2.3",
    "vv1.2.3",
    "",
    "v",
    " v1.2.3",
    "v1.2.3 ",
    "v1.2.3\n",
    "v1.2.3\nversion=9.9.9",
    "v1.2.٣",
    "v1.2.99999999999999999999",
    "$(touch pwned)",
    "v1.2.3;id",
    "v1.2.3 latest",
    "`id`",
    "${{ secrets.DOCKERHUB_TOKEN }}"
  ])("are refused for the release %j", (tag) => {
    assert.throws(
      () => ofRelease(tag),
      /^A release's tag must be vMAJOR\.MINOR\.PATCH or MAJOR\.MINOR\.PATCH, but is ".*"\.$/
    )
    assert.throws(() => ofRelease(tag, [], true))
  })

  it("for a prerelease are only its version", () => {
    assert.deepStrictEqual(ofRelease("v2.0.0", [], true), { tags: "2.0.0", version: "2.0.0" })
  })

  it.each([
    { tag: "v1.1.9", released: ["v1.2.0", "v1.1.8"], tags: "1.1.9 1.1" },
    { tag: "v1.1.7", released: ["v1.1.8"], tags: "1.1.7" },
    { tag: "v1.1.7", released: ["v1.1.8", "v1.2.0"], tags: "1.1.7" },
    { tag: "1.9.9", released: ["2.0.0", "v1.9.10x", "nightly", ""], tags: "1.9.9 1.9 1" },
    { tag: "v1.10.0", released: ["v1.9.9", "1.2.30"], tags: "1.10.0 1.10 1" }
  ])("for the release $tag after $released are $tags", ({ tag, released, tags }) => {
    assert.strictEqual(ofRelease(tag, released).tags, tags)
  })

  it("for a pull request are its number, and none for a fork's", () => {
    assert.deepStrictEqual(ofPull("acme/raid"), { tags: "pr-12", version: "pr-12" })
    assert.deepStrictEqual(ofPull("mallory/raid"), { tags: "", version: "pr-12" })
    assert.deepStrictEqual(ofPull(undefined), { tags: "", version: "pr-12" })
  })

  it.live("are written by the script for the next jobs", () =>
    Effect.gen(function* () {
      const release = { tag_name: "v1.1.9", prerelease: false }
      const good = yield* run({ repository, release }, "v1.2.0\nv1.1.9\n")
      assert.deepStrictEqual([good.code, good.output], [0, "tags=1.1.9 1.1\nversion=1.1.9\n"])
      const pull_request = { number: 12, head: { repo: null } }
      const fork = yield* run({ repository, pull_request }, "")
      assert.deepStrictEqual([fork.code, fork.output], [0, "tags=\nversion=pr-12\n"])
      const bad = yield* run({ repository, release: { ...release, tag_name: "v1.2.3\n::stop::\ntags=latest" } }, "")
      assert.deepStrictEqual([bad.code, bad.output], [1, ""])
      assert.match(bad.out, /^::error::.*\n$/)
    })
  )
})
