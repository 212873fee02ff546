import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { step, watchdog } from "../../../src/demo/servers/Watchdog.ts"

const never = () => Promise.resolve(false)

const failing = (complaint: string) =>
  Effect.gen(function* () {
    const dog = yield* watchdog()
    const words = ["/bin/sh", "-c", "cat >&2; exit 1"]
    return yield* Effect.flip(step(() => dog.start({ words, input: [complaint], stop: "KILL" }, never)))
  })

it.live("says why a server ended before it was ready", () =>
  Effect.gen(function* () {
    const error = yield* failing("FATAL: out of $HOME `and` \\backslashes")
    assert.strictEqual(error.message, "/bin/sh ended before it was ready:\nFATAL: out of $HOME `and` \\backslashes")
    assert.isFalse(error.portTaken)
  })
)

it.live("recognises that its port is taken", () =>
  Effect.gen(function* () {
    const { portTaken } = yield* failing("could not bind IPv4 address: Address already in use")
    assert.isTrue(portTaken)
  })
)

it.live("removes the folder of a server that was never started", () =>
  Effect.gen(function* () {
    const { folder } = yield* Effect.scoped(watchdog())
    assert.isFalse(existsSync(folder))
  })
)
