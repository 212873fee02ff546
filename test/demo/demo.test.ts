import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Schedule } from "effect"
import { execFile } from "node:child_process"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { promisify } from "node:util"
import { type Demo, demoFolder, spawnDemo, startDemo } from "./demoProcess.ts"

/** The folder in which each demo of this file keeps its data. */
class Folder extends Context.Service<Folder, string>()("test/Folder") {
  static readonly layer = Layer.effect(
    Folder,
    Effect.acquireRelease(Effect.promise(demoFolder), ({ remove }) => Effect.promise(remove)).pipe(
      Effect.map(({ path }) => path)
    )
  )
}

const start = Effect.fnUntraced(function* (options: Omit<Parameters<typeof startDemo>[0], "folder"> = {}) {
  const folder = yield* Folder
  return yield* Effect.acquireRelease(
    Effect.promise(() => startDemo({ folder, ...options })),
    (demo) => Effect.promise(() => demo.end("SIGKILL"))
  )
})

/** A demo that is expected to end by itself. */
const run = Effect.fnUntraced(function* (...words: ReadonlyArray<string>) {
  const folder = yield* Folder
  return yield* Effect.promise(() => spawnDemo({ folder, words }).then(({ end }) => end))
})

/** For starts on a machine that is busy with other tests. */
const patience = 180_000

/** What the walk prints, by heading. */
const walked = Effect.fnUntraced(function* ({ walk }: Demo) {
  const { stdout, stderr } = yield* Effect.promise(() => promisify(execFile)("sh", ["-c", walk]))
  assert.strictEqual(stderr, "")
  const [, ...parts] = stdout.split(/^-- .*\n/m)
  return parts.map((part) => part.trim().split("\n"))
})

const guildNames = ([, guilds]: ReadonlyArray<ReadonlyArray<string>>) =>
  JSON.parse(guilds![1]!).guilds.map((guild: { readonly name: string }) => guild.name)

const nothingRemains = ({ remains }: Demo) =>
  Effect.promise(remains).pipe(
    Effect.repeat({ until: (left) => left.length === 0, schedule: Schedule.spaced("20 millis") }),
    Effect.timeout("5 seconds")
  )

const status = (url: string) => Effect.promise(() => fetch(url).then((response) => response.status))

/** Another server on the page's port. */
const realApp = Effect.acquireRelease(
  Effect.callback<Server>((resume) => {
    const server = createServer((_, response) => response.writeHead(418).end())
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.sync(() => server.close().closeAllConnections())
).pipe(Effect.map((server) => `http://localhost:${(server.address() as AddressInfo).port}`))

layer(Folder.layer, { excludeTestServices: true })("npm run demo", (it) => {
  it.effect(
    "prints a walk through the main job, and leaves nothing behind on Ctrl-C",
    () =>
      Effect.gen(function* () {
        const demo = yield* start()
        assert.strictEqual(yield* status(demo.frontend), 200)
        const [session, guilds, roster, character, goodbye] = yield* walked(demo)
        assert.strictEqual(JSON.parse(session![0]!).user.discord.global_name, "Cyra")
        assert.strictEqual(JSON.parse(guilds![0]!).guild.membership_role, "admin")
        assert.include(roster![0]!, '"class":"Warrior"')
        const [logs, profile, detail] = character!
        const firstItem = (text: string) => /"gear":\[\{"id": ?(\d+)/.exec(text)?.[1]
        assert.match(firstItem(logs!)!, /\d/)
        assert.strictEqual(firstItem(detail!), firstItem(logs!))
        assert.include(detail!, profile!.slice(1, -1))
        assert.strictEqual(JSON.parse(goodbye!.join("")).error.code, "auth.session_revoked")
        const second = yield* run()
        assert.strictEqual(second.code, 1)
        assert.include(second.said, `Its page is ${demo.frontend}, its service ${demo.api}.`)

        assert.deepStrictEqual(yield* Effect.promise(() => demo.end("SIGINT")), { code: 0, said: demo.output })
        yield* nothingRemains(demo)
      }),
    patience
  )

  it.effect(
    "keeps the data of the previous run, works without the page, and leaves nothing behind when killed",
    () =>
      Effect.gen(function* () {
        const frontend = yield* realApp
        const demo = yield* start({ frontend })
        assert.match(demo.output, /^Page +not served: port \d+ is in use, perhaps by the real app$/m)
        assert.strictEqual(yield* status(frontend), 418)
        assert.strictEqual(yield* status(`${demo.api}/health`), 200)
        assert.sameMembers(guildNames(yield* walked(demo)), ["Night Watch", "Night Watch", "Ashen Vanguard"])
        for (const words of [["--fresh"], []]) {
          const other = yield* run(...words)
          assert.strictEqual(other.code, 1)
          assert.match(
            other.said,
            /^A demo is running on the data in \S+\. Its page is not served: .* Stop it first, or /
          )
          assert.include(other.said, `its service ${demo.api}.`)
        }

        assert.strictEqual((yield* Effect.promise(() => demo.end("SIGKILL"))).code, null)
        yield* nothingRemains(demo)
      }),
    patience
  )

  it.effect(
    "ends with the npm that it was started by",
    () =>
      Effect.gen(function* () {
        const demo = yield* start({ byNpm: true })
        yield* Effect.promise(() => demo.end("SIGTERM"))
        yield* nothingRemains(demo)
      }),
    patience
  )

  it.effect(
    "--fresh forgets previous runs",
    () =>
      Effect.gen(function* () {
        const demo = yield* start({ words: ["--fresh"] })
        assert.sameMembers(guildNames(yield* walked(demo)), ["Night Watch", "Ashen Vanguard"])
      }),
    patience
  )

  it.effect(
    "prints its options, and refuses others",
    () =>
      Effect.gen(function* () {
        const [help, other] = yield* Effect.all([run("--help"), run("--frech")], { concurrency: 2 })
        assert.strictEqual(help.code, 0)
        assert.include(help.said, "--fresh ")
        assert.deepStrictEqual(other, { code: 1, said: "Unknown option '--frech'\n" })
      }),
    patience
  )
})
