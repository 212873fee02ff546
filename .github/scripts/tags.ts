// Writes the image's tags and the version for its label to GITHUB_OUTPUT. An image without tags is not pushed.
// Usage: node tags.ts FILE, where FILE lists the tags of all full releases, one per line; only a release needs it.
import { appendFileSync, readFileSync } from "node:fs"

/** The fields used from GitHub's event. */
export interface Event {
  readonly repository: { readonly full_name: string }
  readonly release?: { readonly tag_name: string; readonly prerelease: boolean }
  readonly pull_request?: {
    readonly number: number
    readonly head: { readonly repo: { readonly full_name: string } | null }
  }
}

const number = "(0|[1-9][0-9]{0,8})"
const pattern = new RegExp(`^v?${number}\\.${number}\\.${number}$`)

const versionOf = (tag: string) => {
  const [, major, minor, patch] = pattern.exec(tag) ?? []
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor), patch: Number(patch) }
}

/** `1.2` and `1` go to the highest matching release, so a fix of an older release line does not move them. */
const ofRelease = (tag: string, prerelease: boolean, released: ReadonlyArray<string>) => {
  const version = versionOf(tag)
  if (version === undefined) {
    throw new Error(`A release's tag must be vMAJOR.MINOR.PATCH or MAJOR.MINOR.PATCH, but is ${JSON.stringify(tag)}.`)
  }
  const { major, minor, patch } = version
  const full = `${major}.${minor}.${patch}`
  if (prerelease) return [full]
  const line = released.map(versionOf).filter((other) => other?.major === major)
  const tags = [full]
  if (!line.some((other) => other?.minor === minor && other.patch > patch)) {
    tags.push(`${major}.${minor}`)
    if (!line.some((other) => other !== undefined && other.minor > minor)) tags.push(`${major}`)
  }
  return tags
}

/** The tags and version of the run's image; `released` holds the tags of all full releases. */
export const tagsOf = (event: Event, ref: string, commit: string, released: ReadonlyArray<string>) => {
  if (event.release !== undefined) {
    const tags = ofRelease(event.release.tag_name, event.release.prerelease, released)
    return { tags, version: tags[0] }
  }
  if (event.pull_request !== undefined) {
    const tag = `pr-${event.pull_request.number}`
    const own = event.pull_request.head.repo?.full_name === event.repository.full_name
    return { tags: own ? [tag] : [], version: tag }
  }
  const branch = ref.replaceAll(/[^A-Za-z0-9_.-]/g, "-")
  const sha = `sha-${commit.slice(0, 7)}`
  return { tags: [sha, `edge-${branch}`.slice(0, 128), "latest"], version: sha }
}

if (import.meta.main) {
  const { GITHUB_EVENT_PATH = "", GITHUB_OUTPUT = "", GITHUB_REF_NAME = "", GITHUB_SHA = "" } = process.env
  const event = JSON.parse(readFileSync(GITHUB_EVENT_PATH, "utf8")) as Event
  const released = event.release === undefined ? [] : readFileSync(process.argv[2] ?? "", "utf8").split("\n")
  try {
    const { tags, version } = tagsOf(event, GITHUB_REF_NAME, GITHUB_SHA, released)
    process.stdout.write(tags.length === 0 ? "Images from forks are not pushed.\n" : `Tags: ${tags.join(" ")}\n`)
    appendFileSync(GITHUB_OUTPUT, `tags=${tags.join(" ")}\nversion=${version}\n`)
  } catch (error) {
    process.stdout.write(`::error::${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
