import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import assert from "node:assert/strict"
import { appendFile, chmod, chown, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createDatabase, embeddedPostgres, type PostgresServer } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { embeddedRedis, type RedisServer } from "../../src/demo/servers/EmbeddedRedis.ts"
import { freePort } from "../../src/demo/servers/Watchdog.ts"
import { environment } from "../support/environment.ts"
import { build, type Image, megabytes, pathIn, settle, walk } from "./Build.ts"
import { probeOf, stagesOf, textOf } from "./Dockerfile.ts"
import { endAll, endOf, run, start, until } from "./Processes.ts"

/*
 * Follows both Dockerfiles without an engine and runs the result: as another user, on a read-only tree, outside of this
 * repository. Not part of `npm test`, because it installs all packages twice.
 */

const isRoot = process.getuid?.() === 0
const say = (line: string) => process.stdout.write(`${line}\n`)

const status = (url: string) =>
  fetch(url, { headers: { connection: "close" } }).then(
    (answer) => answer.status,
    () => 0
  )

const variablesFor = async (postgres: PostgresServer, redis: RedisServer, database: string) => ({
  ...environment,
  APP_PORT: String(await freePort()),
  LOG_LEVEL: "Info",
  DB_HOST: postgres.host,
  DB_PORT: String(postgres.port),
  DB_USER: postgres.user,
  DB_PASSWORD: Redacted.value(postgres.password),
  DB_NAME: database,
  REDIS_HOST: redis.host,
  REDIS_PORT: String(redis.port),
  REDIS_PASSWORD: Redacted.value(redis.password)
})

type Variables = Readonly<Record<string, string>>

/** How to start something in an image: the first word is a program of the image, or a path in its folder. */
const runnerOf = async (image: Image, variables: Variables, home: string) => {
  const [uid, gid] = image.user === "node" ? [1000, 1000] : image.user.split(":").map(Number)
  const own = await mkdtemp(join(home, "own-"))
  if (isRoot) await chown(own, uid!, gid!)
  const options = {
    cwd: join(image.root, image.workdir),
    env: { ...image.variables, ...variables, PATH: pathIn(image.root), HOME: own, TMPDIR: own },
    ...(isRoot ? { uid, gid } : {})
  }
  const placed = ([program = "", ...words]: ReadonlyArray<string>) => [
    program.startsWith("/") ? join(image.root, program) : program,
    ...words
  ]
  return {
    start: (words: ReadonlyArray<string>) => start(placed(words), options),
    run: (words: ReadonlyArray<string>) => run(placed(words), { ...options, seconds: 60 }),
    without: (words: ReadonlyArray<string>) =>
      run(placed(words), { ...options, env: { PATH: options.env.PATH }, seconds: 60 })
  }
}

/** A statement on the service's database. */
const query = (postgres: PostgresServer, database: string, statement: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement).unprepared).pipe(
    Effect.provide(PgClient.layer({ ...postgres, username: postgres.user, database, maxConnections: 1 })),
    Effect.runPromise
  )

const tryImage = async (postgres: PostgresServer, redis: RedisServer, home: string) => {
  const image = await build("Dockerfile", home, { REVISION: "34fbca7" })
  await settle(image.root, true)
  for await (const { path, mode } of walk(image.root)) assert.equal(mode & 0o222, 0, `${path} can be written`)
  const variables = await variablesFor(postgres, redis, "image")
  const { start, run, without } = await runnerOf(image, variables, home)
  const url = `http://127.0.0.1:${variables.APP_PORT}/api/v1`
  const { entrypoint, command, probe } = image

  const refused = await without([...entrypoint, ...command])
  assert.equal(refused.code, 1)
  assert.match(refused.said, /APP_PORT is missing[^]*SESSION_HMAC_SECRET is missing/)

  const up = await run([...entrypoint, "migrate.js", "up"])
  assert.equal(up.code, 0, up.said)
  const listed = await run([...entrypoint, "migrate.js", "status"])
  assert.equal(listed.code, 0, listed.said)
  assert.match(listed.said, /^(applied .*\n){2,}$/)

  const begin = performance.now()
  const service = start([...entrypoint, ...command])
  await until(service, "The first answer", async () => (await status(`${url}/health`)) === 200)
  const millis = Math.round(performance.now() - begin)

  assert.equal((await run(probe)).code, 0)
  const { version } = JSON.parse(textOf("package.json"))
  const told = { status: "ok", service: "app", version, revision: "34fbca7" }
  assert.deepEqual(await (await fetch(`${url}/health`)).json(), told)
  const document = await fetch(`${url}/openapi.json`)
  assert.equal(document.status, 200)
  assert.ok(Object.hasOwn((await document.json()) as object, "openapi"))
  assert.equal(await status(`${url}/docs/reference.js`), 200)
  assert.equal(await status(`${url}/auth/session`), 401)

  await query(postgres, "image", "alter table oauth_states rename to gone")
  assert.equal(await status(`${url}/auth/discord/url`), 500)
  await until(service, "The trace of a defect", () => /\bsrc\/auth\/\w+\.ts:\d+/.test(service.said()))

  process.kill(service.child.pid!, "SIGTERM")
  assert.equal((await endOf(service, 15)).code, 0)
  assert.equal((await run(probe)).code, 1)
  say(`Dockerfile: /app has ${await megabytes(join(image.root, "app"))} MB, ${millis} ms to the first answer.`)
}

const tryLocal = async (postgres: PostgresServer, redis: RedisServer, home: string) => {
  const image = await build("local.Dockerfile", home)
  await settle(image.root, false)
  const variables = await variablesFor(postgres, redis, "local")
  const { start, run } = await runnerOf(image, variables, home)
  const url = `http://127.0.0.1:${variables.APP_PORT}/api/v1`

  const begin = performance.now()
  const service = start(image.command)
  const serving = (times: number) => () => service.said().split("Serving on port").length > times
  await until(service, "The first start", serving(1))
  assert.equal(await status(`${url}/health`), 200)
  const millis = Math.round(performance.now() - begin)
  assert.equal((await run(["node", "-e", probeOf(stagesOf(textOf("Dockerfile")).at(-1)!)!.at(-1)!])).code, 0)
  const listed = await run(["npm", "run", "migrate", "--", "status"])
  assert.equal(listed.code, 0, listed.said)
  assert.match(listed.said, /^applied /m)

  await appendFile(join(image.root, image.workdir, "src/main.ts"), "\n")
  await until(service, "A start after a change", serving(2))
  assert.equal(await status(`${url}/health`), 200)

  process.kill(service.child.pid!, "SIGTERM")
  const { code } = await endOf(service, 15)
  assert.equal(await status(`${url}/health`), 0)
  say(`local.Dockerfile: ${millis} ms to the first answer; a change restarts it; SIGTERM ends it with ${code}.`)
}

const tryBoth = Effect.gen(function* () {
  const postgres = yield* embeddedPostgres({})
  const redis = yield* embeddedRedis()
  yield* createDatabase(postgres, "image")
  yield* createDatabase(postgres, "local")
  const home = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "image-"))),
    (home) =>
      Effect.promise(async () => {
        endAll()
        // Only root can empty a folder that is read-only for all.
        for await (const { path, mode } of walk(home)) await chmod(path, mode | 0o700)
        await rm(home, { recursive: true, force: true })
      })
  )
  yield* Effect.promise(async () => {
    await chmod(home, 0o755)
    await tryImage(postgres, redis, home)
    await tryLocal(postgres, redis, home)
  })
})

if (!isRoot) say("Not root: everything runs as this user, and that another may only read the tree is not checked.")
NodeRuntime.runMain(Effect.scoped(tryBoth))
