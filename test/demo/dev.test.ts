import { assert, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { appendFile, cp, mkdir, symlink } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { type Demo, demoFolder, startDemo } from "./demoProcess.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** The tree as its developer has it, with the packages of this one. */
const copied = async (folder: string) => {
  const tree = join(folder, "data/tree")
  await mkdir(tree, { recursive: true })
  for (const name of ["src", "migrations", "seeds", "package.json"])
    await cp(join(root, name), join(tree, name), { recursive: true })
  await symlink(join(root, "node_modules"), join(tree, "node_modules"))
  return tree
}

const until = <A>(fact: () => Promise<A> | A, holds: (value: A) => boolean) =>
  Effect.promise(async () => fact()).pipe(
    Effect.repeat({ until: holds, schedule: Schedule.spaced("20 millis") }),
    Effect.timeout("3 minutes")
  )

const times = (demo: Demo, words: string) => demo.said().split(words).length - 1

/** Signs in to the simulated Discord as a browser would, and returns the session's cookie. */
const signIn = async ({ api, frontend }: Demo) => {
  const cookiesOf = (answer: Response) => answer.headers.getSetCookie().map((line) => line.split(";")[0]!)
  const begun = await fetch(`${api}/auth/discord/url`)
  const { url } = (await begun.json()) as { readonly url: string }
  const chosen = await fetch(`${url}&persona=${personas.raider.id}`, { redirect: "manual" })
  const { code, state } = Object.fromEntries(new URL(chosen.headers.get("location")!).searchParams)
  const done = await fetch(`${api}/auth/discord/callback`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: frontend, cookie: cookiesOf(begun).join("; ") },
    body: JSON.stringify({ code, state })
  })
  assert.strictEqual(done.status, 204)
  return cookiesOf(done).join("; ")
}

it.live(
  "npm run dev -- --simulated restarts the service alone when its source changes, and leaves nothing behind on Ctrl-C",
  () =>
    Effect.gen(function* () {
      const { path: folder } = yield* Effect.acquireRelease(Effect.promise(demoFolder), ({ remove }) =>
        Effect.promise(remove)
      )
      const tree = yield* Effect.promise(() => copied(folder))
      const program = join(tree, "src/demo/dev.ts")
      const demo = yield* Effect.acquireRelease(
        Effect.promise(() => startDemo({ folder, program, words: ["--simulated"], started: "Serving on port" })),
        (demo) => Effect.promise(() => demo.end("SIGINT"))
      )
      const cookie = yield* Effect.promise(() => signIn(demo))
      const session = () =>
        fetch(`${demo.api}/auth/session`, { headers: { cookie } }).then(
          ({ status }) => status,
          () => 0
        )
      assert.strictEqual(yield* Effect.promise(session), 200)

      yield* Effect.promise(() => appendFile(join(tree, "src/App.ts"), "\nthrow new Error('half an edit')\n"))
      yield* until(demo.said, (said) => said.includes("half an edit"))
      yield* Effect.promise(() => cp(join(root, "src/App.ts"), join(tree, "src/App.ts")))
      yield* until(
        () => times(demo, "Serving on port"),
        (count) => count === 2
      )
      // PostgreSQL and its data are the same: nothing was applied again, and the session lives.
      assert.strictEqual(yield* Effect.promise(session), 200)
      assert.strictEqual(times(demo, "Applied migration 20261101000000_auth"), 1)
      assert.strictEqual(times(demo, "PostgreSQL      "), 1)

      const { code, said } = yield* Effect.promise(() => demo.end("SIGINT"))
      assert.strictEqual(code, 0, said)
      yield* until(demo.remains, (left) => left.length === 0)
    }),
  300_000
)
