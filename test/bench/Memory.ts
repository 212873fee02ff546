import { Effect } from "effect"
import { closedLoop } from "./Client.ts"
import { load, memoryOf } from "./Machine.ts"
import type { Options } from "./Options.ts"
import { prepare, type RouteName } from "./Routes.ts"
import { startServers } from "./Servers.ts"
import { startSubject } from "./Subjects.ts"

const step = 100_000

/** What a raid opening its roster asks for, so that large answers are among them. */
const mix: ReadonlyArray<RouteName> = ["session", "guilds", "members", "characters", "character"]

/** How much memory the bundle holds, idle and as requests add up. */
export const memory = Effect.fnUntraced(function* ({ memoryRequests, routes }: Options) {
  const servers = yield* startServers
  const subject = yield* startSubject("bundle", servers.variables, servers.folder)
  const asked = mix.filter((route) => routes.includes(route)).map((route) => prepare("bundle", route))
  const together = { status: 200, bytes: asked[0]!.bytes.flatMap((_, n) => asked.map(({ bytes }) => bytes[n]!)) }
  const say = (requests: number) => {
    const { rss, peak } = memoryOf(subject.pid)
    process.stdout.write(
      `${String(requests).padStart(10)} requests: ${rss.toFixed(0)} MB, at its highest ${peak.toFixed(0)}; load ${load()}\n`
    )
  }
  yield* Effect.promise(async () => {
    say(0)
    for (let done = 0; done < memoryRequests;) {
      const part = Math.min(step, memoryRequests - done)
      await closedLoop(subject.port, together, part)
      subject.forgetLog()
      done += part
      say(done)
    }
  })
})
