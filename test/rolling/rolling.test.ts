import { assert, layer } from "@effect/vitest"
import { Effect, Ref } from "effect"
import type { Cookies, HttpMethod } from "effect/http"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { migrationsDirectory } from "../../src/infra/SqlFiles.ts"
import { emptyDatabase } from "../infra/SqlFolders.ts"
import { startProcess, startProgram, variablesFor } from "../start/startProcess.ts"
import { openBrowser } from "../support/Browser.ts"
import { eventually } from "../support/eventually.ts"
import { details } from "../support/people.ts"
import { characterOf, seededGuild } from "../support/seeded.ts"
import { live, TestApp } from "../support/TestApp.ts"
import { previousRelease } from "./PreviousRelease.ts"

const rounds = 20

const migrationsIn = (folder: string) => readdirSync(folder).filter((name) => name.endsWith(".up.sql"))

type Urls = readonly [string, string]
type Browser = Effect.Success<ReturnType<typeof openBrowser>>

let answered = 0

/** A request that must succeed, whichever server gets it. */
const ask = Effect.fnUntraced(function* (at: Browser, method: HttpMethod.HttpMethod, path: string, json?: unknown) {
  const { status, body } = yield* at.send(method, `/api/v1${path}`, json === undefined ? {} : { json })
  assert.match(String(status), /^2\d\d$/, `${method} ${path} on ${at.url}: ${JSON.stringify(body)}`)
  answered += 1
  return body
})

/** One person whose requests reach either server, as behind a load balancer. */
const person = Effect.fnUntraced(function* (urls: Urls, id: string) {
  const jar = yield* Ref.make<ReadonlyArray<Cookies.Cookie>>([])
  const [one, other] = yield* Effect.all([openBrowser(urls[0], jar), openBrowser(urls[1], jar)])
  // Begun on one server, finished on the other.
  const payload = yield* one.authorize(id)
  yield* ask(other, "POST", "/auth/discord/callback", payload)
  return { one, other }
})

/** What one server writes, the other reads and changes. */
const round = Effect.fnUntraced(function* (urls: Urls) {
  const admin = yield* person(urls, personas.admin.id)
  const newcomer = yield* person(urls, personas.newcomer.id)
  for (const at of [admin.one, admin.other, newcomer.one, newcomer.other]) yield* ask(at, "GET", "/auth/session")

  const { guild } = yield* ask(admin.one, "POST", "/guilds", details)
  const path = `/guilds/${guild.id}`
  const nameAt = (at: Browser) => Effect.map(ask(at, "GET", path), ({ guild }) => guild.name)
  assert.strictEqual(yield* nameAt(admin.other), details.name)
  yield* ask(admin.other, "PATCH", path, { name: "Day Watch" })
  assert.strictEqual(yield* nameAt(admin.one), "Day Watch")
  const { invite } = yield* ask(admin.one, "POST", `${path}/invites`)
  yield* ask(newcomer.other, "POST", `/guild-invites/${invite.code}/accept`)
  for (const at of [admin.one, newcomer.one, admin.other, newcomer.other])
    assert.lengthOf((yield* ask(at, "GET", `${path}/members`)).members, 2)
  assert.isNotEmpty((yield* ask(admin.one, "GET", `${path}/audit`)).events)
  yield* ask(admin.other, "GET", `/guilds/${seededGuild}/characters`)
  yield* ask(admin.other, "DELETE", path)

  yield* ask(newcomer.one, "POST", "/auth/logout")
  assert.strictEqual((yield* newcomer.other.send("GET", "/api/v1/auth/session")).status, 401)
})

/** What an answer has of the keys that another has: the newer release adds keys, and changes none. */
const known = (answer: unknown, other: unknown): unknown => {
  if (Array.isArray(answer) && Array.isArray(other)) return answer.map((each, at) => known(each, other[at]))
  if (typeof answer !== "object" || typeof other !== "object" || answer === null || other === null) return answer
  const theirs = Object.entries(other)
  return Object.fromEntries(
    Object.entries(answer).flatMap(([key, value]) => {
      const match = theirs.find(([name]) => name === key)
      return match === undefined ? [] : [[key, known(value, match[1])]]
    })
  )
}

/** A snapshot that one server stores and the other serves. */
const refreshed = Effect.fnUntraced(function* (urls: Urls) {
  const { one, other } = yield* person(urls, personas.raider.id)
  const { id } = yield* characterOf(other, { wcl: "ranked" })
  yield* ask(one, "POST", `/characters/${id}/warcraftlogs/refresh`)
  const answers = [yield* ask(one, "GET", `/characters/${id}`), yield* ask(other, "GET", `/characters/${id}`)] as const
  assert.isNotEmpty(answers[0].character.warcraftlogs.rankings)
  assert.deepStrictEqual(known(answers[0], answers[1]), known(answers[1], answers[0]))
})

layer(TestApp.layer(), live)("a rolling deployment", (it) => {
  it.effect(
    "the previous release's server goes on beside the new one on the new schema: 0 × 5xx, 0 × 401",
    () =>
      Effect.gen(function* () {
        const { variables } = yield* TestApp
        const database = yield* emptyDatabase
        const all = { ...variables, ...(yield* variablesFor(database)), RUN_DB_SEEDS: "true" }
        const { program, folder } = yield* previousRelease
        const before = yield* startProgram(program, all)
        yield* before.serving
        const [oldUrl] = before.url.split("/api/")
        const applied = (output: string) => output.match(/(?<=Applied migration )\w+/g) ?? []
        const known = migrationsIn(join(folder, "migrations"))
        assert.lengthOf(applied(before.output()), known.length)

        // The old server serves while the new one starts and migrates.
        const after = yield* startProcess(all)
        yield* Effect.raceFirst(Effect.forever(round([oldUrl!, oldUrl!])), after.serving)
        const during = answered
        assert.isAbove(during, 0)
        const fresh = migrationsIn(migrationsDirectory).filter((name) => !known.includes(name))
        assert.deepStrictEqual(
          applied(after.output()).map((name) => `${name}.up.sql`),
          fresh
        )

        const [newUrl] = after.url.split("/api/")
        for (let index = 0; index < rounds; index += 1)
          yield* round(index % 2 === 0 ? [oldUrl!, newUrl!] : [newUrl!, oldUrl!])
        yield* refreshed([oldUrl!, newUrl!])
        yield* refreshed([newUrl!, oldUrl!])
        // oxlint-disable-next-line no-console -- what was seen
        console.log(`${fresh.length} new migrations; ${during} requests during the start, ${answered} in all`)

        // A new server that has a refresh of a roster under way is replaced: another one finishes the work.
        const officer = (yield* person([newUrl!, newUrl!], personas.officer.id)).one
        const refreshes = `/guilds/${seededGuild}/refreshes`
        const { refresh } = yield* ask(officer, "POST", refreshes, { stale_after_seconds: 0 })
        const next = yield* startProcess(all)
        yield* next.serving
        after.kill("SIGTERM")
        assert.strictEqual(yield* after.ended, 0)
        const [nextUrl] = next.url.split("/api/")
        const later = (yield* person([nextUrl!, oldUrl!], personas.officer.id)).one
        const done = yield* eventually(
          ask(later, "GET", `${refreshes}/${refresh.id}`),
          (answer) => answer.refresh.finished_at !== null
        )
        assert.strictEqual(done.refresh.state, "done")

        // The last step of the deployment: the old one drains, and its sessions live on.
        const { one, other } = yield* person([oldUrl!, nextUrl!], personas.officer.id)
        yield* ask(one, "GET", "/auth/session")
        before.kill("SIGTERM")
        assert.strictEqual(yield* before.ended, 0)
        yield* ask(other, "GET", "/auth/session")
      }),
    120_000
  )
})
