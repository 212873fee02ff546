import { assert, describe, it } from "@effect/vitest"
import { textOf } from "../containers/Dockerfile.ts"

const lines = textOf("CHANGELOG.md").split("\n")
const released = lines.flatMap((line) => /^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$/.exec(line) ?? [])
const versions = released.filter((_, index) => index % 3 === 1)
const dates = released.filter((_, index) => index % 3 === 2)

const rank = (version: string) => version.split(".").reduce((sum, part) => sum * 1000 + Number(part), 0)

describe("CHANGELOG.md", () => {
  it("has a section for package.json's version and the last documented release, newest first", () => {
    const { version } = JSON.parse(textOf("package.json"))
    assert.strictEqual(versions[0], version)
    assert.include(versions, JSON.parse(textOf("docs/openapi.json"))["x-release"])
    assert.deepStrictEqual(
      versions,
      versions.toSorted((one, other) => rank(other) - rank(one))
    )
    assert.deepStrictEqual(dates, dates.toSorted().toReversed())
  })

  it("begins with what is not released, and has only the kinds of Keep a Changelog", () => {
    const headings = lines.filter((line) => line.startsWith("#"))
    assert.deepStrictEqual(headings.slice(0, 2), ["# Changelog", "## [Unreleased]"])
    const sections = headings.filter((line) => line.startsWith("## "))
    assert.lengthOf(sections, versions.length + 1)
    for (const kind of headings.filter((line) => line.startsWith("### ")))
      assert.match(kind, /^### (Added|Changed|Deprecated|Removed|Fixed|Security)$/)
  })
})
