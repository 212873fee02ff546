// Removes the image of a pull request. `node removeImage.ts` removes pr-N from GHCR and Docker Hub; with the DIGEST of an
// image that pr-N named earlier, it removes only that image, from GHCR.
// GHCR stores each platform's image, provenance and SBOM as separate untagged versions; they are removed as well.
import { readFileSync } from "node:fs"

/** The fields used from GitHub's event. */
export interface Event {
  readonly repository: {
    readonly name: string
    readonly owner: { readonly login: string; readonly type: "Organization" | "User" }
  }
  readonly pull_request: { readonly number: number }
}

interface Version {
  readonly id: number
  /** The digest. */
  readonly name: string
  readonly metadata: { readonly container: { readonly tags: ReadonlyArray<string> } }
}

interface Index {
  readonly manifests?: ReadonlyArray<{ readonly digest: string }>
}

type Env = Readonly<Record<string, string | undefined>>

const ask = async (url: string, headers: Record<string, string>, init: RequestInit, ...fine: ReadonlyArray<number>) => {
  const response = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(30_000) })
  if (response.ok || fine.includes(response.status)) return response
  throw new Error(`${init.method ?? "GET"} ${url} answered ${response.status}: ${await response.text()}`)
}

const json = async <A>(response: Response) => (await response.json()) as A

const fromGhcr = async ({ repository: { name, owner } }: Event, tag: string, before: string | undefined, env: Env) => {
  const { GITHUB_TOKEN: token = "", GITHUB_ACTOR: actor = "", GHCR_URL: registry = "https://ghcr.io" } = env
  const github = { authorization: `Bearer ${token}`, accept: "application/vnd.github+json" }
  const account = `${owner.type === "Organization" ? "orgs" : "users"}/${owner.login}`
  const api = env["GITHUB_API_URL"] ?? "https://api.github.com"
  const versionsUrl = `${api}/${account}/packages/container/${encodeURIComponent(name.toLowerCase())}/versions`
  const versions: Array<Version> = []
  for (let page = 1, more = true; more; page++) {
    const response = await ask(`${versionsUrl}?per_page=100&page=${page}`, github, {}, 404)
    const found = response.status === 404 ? [] : await json<ReadonlyArray<Version>>(response)
    versions.push(...found)
    more = found.length === 100
  }

  const image = `${owner.login}/${name}`.toLowerCase()
  const login = Buffer.from(`${actor}:${token}`).toString("base64")
  const children = async (digest: string) => {
    const scope = `${registry}/token?service=ghcr.io&scope=repository:${image}:pull`
    const granted = await json<{ token: string }>(await ask(scope, { authorization: `Basic ${login}` }, {}))
    const accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"
    const headers = { authorization: `Bearer ${granted.token}`, accept }
    const index = await json<Index>(await ask(`${registry}/v2/${image}/manifests/${digest}`, headers, {}))
    return (index.manifests ?? []).map((manifest) => manifest.digest)
  }

  const tagsOf = (version: Version) => version.metadata.container.tags
  const current = versions.find((version) => tagsOf(version).includes(tag))
  const target = before === undefined ? current : versions.find((version) => version.name === before)
  if (target === undefined) return `GHCR has no ${before ?? tag}.`
  const others = tagsOf(target).filter((other) => before !== undefined || other !== tag)
  if (others.length > 0) return `::warning::GHCR keeps ${target.name}: it is also ${others.join(", ")}.`

  // Repeating a run for the same commit makes a new index, but its images may be the same.
  const kept = new Set(before === undefined || current === undefined ? [] : await children(current.name))
  const parts = new Set((await children(target.name)).filter((digest) => !kept.has(digest)))
  const untagged = versions.filter((version) => parts.has(version.name) && tagsOf(version).length === 0)
  for (const version of [target, ...untagged]) {
    const response = await ask(`${versionsUrl}/${version.id}`, github, { method: "DELETE" }, 400, 404)
    if (response.status === 400) {
      const { message } = await json<{ message: string }>(response)
      if (!message.includes("last tagged version")) throw new Error(message)
      return `::warning::GHCR keeps ${tag}, the package's only tag until main or a release is pushed.`
    }
  }
  return `Removed ${before ?? tag} and ${untagged.length} parts of it from GHCR.`
}

const fromDockerHub = async (tag: string, env: Env) => {
  const { DOCKERHUB_IMAGE: image, DOCKERHUB_USERNAME: identifier, DOCKERHUB_TOKEN: secret } = env
  if (!image || !identifier || !secret) return "Docker Hub is not set up."
  const hub = env["DOCKERHUB_URL"] ?? "https://hub.docker.com"
  const body = JSON.stringify({ identifier, secret })
  const login = await ask(`${hub}/v2/auth/token`, { "content-type": "application/json" }, { method: "POST", body })
  const authorization = `Bearer ${(await json<{ access_token: string }>(login)).access_token}`
  const url = `${hub}/v2/repositories/${image}/tags/${tag}/`
  const response = await ask(url, { authorization }, { method: "DELETE" }, 404)
  return response.status === 404 ? `Docker Hub has no ${tag}.` : `Removed ${tag} from Docker Hub.`
}

/** Returns one sentence per registry on the outcome. */
export const removeImage = async (event: Event, before: string | undefined, env: Env) => {
  const tag = `pr-${event.pull_request.number}`
  const ghcr = await fromGhcr(event, tag, before, env)
  return before === undefined ? [ghcr, await fromDockerHub(tag, env)] : [ghcr]
}

if (import.meta.main) {
  const event = JSON.parse(readFileSync(process.env["GITHUB_EVENT_PATH"] ?? "", "utf8")) as Event
  try {
    process.stdout.write(`${(await removeImage(event, process.argv[2], process.env)).join("\n")}\n`)
  } catch (error) {
    process.stdout.write(`::error::${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
