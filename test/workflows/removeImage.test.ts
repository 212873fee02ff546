import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { type Event, removeImage } from "../../.github/scripts/removeImage.ts"
import { folder } from "./run.ts"

interface Package {
  /** Digest to tags. */
  readonly versions: Record<string, ReadonlyArray<string>>
  /** Digest of an index to the digests in it. */
  readonly indexes: Record<string, ReadonlyArray<string>>
  readonly type?: "Organization" | "User"
  /** What GitHub answers to a deletion. */
  readonly refusal?: { readonly status: number; readonly message: string }
  readonly hubStatus?: number
}

/** GitHub's API, GHCR and Docker Hub on one port; `asked` lists the requests that change something, with their caller. */
const registries = Effect.fnUntraced(function* ({ versions, indexes, type = "User", refusal, hubStatus }: Package) {
  const asked: Array<string> = []
  const ids = Object.keys(versions)
  const owner = type === "User" ? "users" : "orgs"
  const server = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer(async (request, response) => {
        const { method, headers } = request
        const url = new URL(request.url ?? "", "http://host")
        let body = ""
        for await (const data of request) body += String(data)
        const answer = (status: number, value?: unknown) => {
          response.writeHead(status)
          response.end(value === undefined ? undefined : JSON.stringify(value))
        }
        if (method !== "GET") asked.push(`${method} ${url.pathname} ${headers.authorization ?? body}`)
        const list = `/${owner}/Acme/packages/container/raid/versions`
        if (method === "DELETE" && url.pathname.startsWith(`${list}/`)) {
          return refusal === undefined ? answer(204) : answer(refusal.status, { message: refusal.message })
        }
        if (url.pathname === list) {
          if (headers.authorization !== "Bearer ghs") return answer(401, { message: "Bad credentials" })
          if (ids.length === 0) return answer(404, { message: "Package not found." })
          const page = Number(url.searchParams.get("page"))
          const found = ids.map((name, id) => ({ id, name, metadata: { container: { tags: versions[name] } } }))
          return answer(200, found.slice((page - 1) * 100, page * 100))
        }
        if (url.pathname === "/token" && headers.authorization === `Basic ${btoa("octo:ghs")}`) {
          return answer(200, { token: `may ${url.searchParams.get("scope")}` })
        }
        const manifest = /^\/v2\/acme\/raid\/manifests\/(.+)$/.exec(url.pathname)?.[1]
        if (manifest !== undefined && headers.authorization === "Bearer may repository:acme/raid:pull") {
          return answer(200, { manifests: (indexes[manifest] ?? []).map((digest) => ({ digest })) })
        }
        if (url.pathname === "/v2/auth/token") return answer(200, { access_token: "jwt" })
        if (url.pathname === "/v2/repositories/acme/raid/tags/pr-12/") return answer(hubStatus ?? 204)
        answer(404, { message: `Nothing at ${url.pathname}` })
      })
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      return server
    }),
    (server) => Effect.promise(() => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())))
  )
  const event: Event = { repository: { name: "Raid", owner: { login: "Acme", type } }, pull_request: { number: 12 } }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const env = { GITHUB_API_URL: url, GHCR_URL: url, DOCKERHUB_URL: url, GITHUB_ACTOR: "octo", GITHUB_TOKEN: "ghs" }
  /** The lines it prints, or why it failed. */
  const remove = (more: Record<string, string> = {}, before?: string) =>
    Effect.promise(() => removeImage(event, before, { ...env, ...more }).catch((error: Error) => error.message))
  const removed = () =>
    asked.flatMap((line) => ids[Number(/^DELETE .*versions\/(\d+) Bearer ghs$/.exec(line)?.[1])] ?? [])
  return { asked, env, event, remove, removed }
})

const two = {
  versions: { mine: ["pr-12"], amd64: [], arm64: [], sbom: [], main: ["latest"], other: [], kept: ["sha-0123456"] },
  indexes: { mine: ["amd64", "arm64", "sbom", "kept", "gone"], main: ["other"] }
}

const hub = { DOCKERHUB_IMAGE: "acme/raid", DOCKERHUB_USERNAME: "acmebot", DOCKERHUB_TOKEN: "dckr" }

describe("Removing a pull request's image", () => {
  it.live.each(["User", "Organization"] as const)(
    "removes its index and untagged parts, and no others, for a %s",
    (type) =>
      Effect.gen(function* () {
        const { asked, remove, removed } = yield* registries({ ...two, type })
        assert.deepStrictEqual(yield* remove(), [
          "Removed pr-12 and 3 parts of it from GHCR.",
          "Docker Hub is not set up."
        ])
        assert.deepStrictEqual(removed(), ["mine", "amd64", "arm64", "sbom"])
        assert.strictEqual(asked.length, 4)
      })
  )

  it.live("leaves a version that carries another tag", () =>
    Effect.gen(function* () {
      const { asked, remove } = yield* registries({ ...two, versions: { ...two.versions, mine: ["pr-12", "1.2.3"] } })
      assert.strictEqual((yield* remove())[0], "::warning::GHCR keeps mine: it is also 1.2.3.")
      assert.isEmpty(asked)
    })
  )

  it.live.each<Package["versions"]>([{}, { main: ["latest"] }, { a: ["pr-1"], b: ["pr-123"] }])(
    "finds nothing in %j",
    (versions) =>
      Effect.gen(function* () {
        const { asked, remove } = yield* registries({ versions, indexes: {} })
        assert.strictEqual((yield* remove())[0], "GHCR has no pr-12.")
        assert.isEmpty(asked)
      })
  )

  it.live("reads all pages", () =>
    Effect.gen(function* () {
      const many = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`other-${n}`, [`sha-${n}`]]))
      const { remove, removed } = yield* registries({ ...two, versions: { ...many, ...two.versions } })
      yield* remove()
      assert.deepStrictEqual(removed(), ["mine", "amd64", "arm64", "sbom"])
    })
  )

  it.live.each([
    [204, "Removed pr-12 from Docker Hub."],
    [404, "Docker Hub has no pr-12."]
  ] as const)("removes the tag from Docker Hub, which answers %d", ([hubStatus, told]) =>
    Effect.gen(function* () {
      const { asked, remove } = yield* registries({ versions: {}, indexes: {}, hubStatus })
      assert.strictEqual((yield* remove(hub))[1], told)
      assert.deepStrictEqual(asked, [
        'POST /v2/auth/token {"identifier":"acmebot","secret":"dckr"}',
        "DELETE /v2/repositories/acme/raid/tags/pr-12/ Bearer jwt"
      ])
    })
  )

  it.live("fails when Docker Hub refuses, and prints no secret", () =>
    Effect.gen(function* () {
      const { remove } = yield* registries({ versions: {}, indexes: {}, hubStatus: 403 })
      const told = String(yield* remove(hub))
      assert.match(told, /^DELETE .* answered 403/)
      assert.notInclude(told, "dckr")
    })
  )

  it.live("accepts that GitHub keeps the last tag of a package", () =>
    Effect.gen(function* () {
      const message = "You cannot delete the last tagged version of a package. You must delete the package instead."
      const { remove, removed } = yield* registries({ ...two, refusal: { status: 400, message } })
      assert.match((yield* remove())[0] ?? "", /^::warning::GHCR keeps pr-12/)
      assert.deepStrictEqual(removed(), ["mine"])
    })
  )

  it.live.each([400, 403])("fails when GitHub refuses with %d for another reason", (status) =>
    Effect.gen(function* () {
      const { remove } = yield* registries({ ...two, refusal: { status, message: "More than 5000 downloads." } })
      assert.include(yield* remove(), "More than 5000 downloads.")
    })
  )

  it.live("removes the previous image without the parts that this one shares", () =>
    Effect.gen(function* () {
      const { asked, remove, removed } = yield* registries({
        versions: { mine: ["pr-12"], old: [], amd64: [], arm64: [], sbom: [], sbomBefore: [] },
        indexes: { mine: ["amd64", "arm64", "sbom"], old: ["amd64", "arm64", "sbomBefore"] }
      })
      assert.deepStrictEqual(yield* remove(hub, "old"), ["Removed old and 1 parts of it from GHCR."])
      assert.deepStrictEqual(removed(), ["old", "sbomBefore"])
      assert.strictEqual(asked.length, 2)
    })
  )

  it.live("leaves a previous image that has a tag", () =>
    Effect.gen(function* () {
      const { asked, remove } = yield* registries({ ...two, versions: { ...two.versions, old: ["pr-7"] } })
      yield* remove({}, "old")
      assert.isEmpty(asked)
    })
  )

  it.live("is done by the script", () =>
    Effect.gen(function* () {
      const { asked, env, event, removed } = yield* registries(two)
      const { write, run } = yield* folder()
      yield* write("event.json", JSON.stringify(event))
      const { code, out } = yield* run("removeImage.ts", [], { ...env, ...hub })
      assert.deepStrictEqual(
        [code, out],
        [0, "Removed pr-12 and 3 parts of it from GHCR.\nRemoved pr-12 from Docker Hub.\n"]
      )
      assert.deepStrictEqual(removed(), ["mine", "amd64", "arm64", "sbom"])
      const refused = yield* run("removeImage.ts", [], { ...env, GITHUB_TOKEN: "stolen" })
      assert.strictEqual(refused.code, 1)
      assert.match(refused.out, /^::error::GET .* answered 401: .*\n$/)
      assert.strictEqual(asked.length, 6)
    })
  )
})
