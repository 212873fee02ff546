import { Effect } from "effect"
import { setTimeout } from "node:timers/promises"
import { startWorld } from "./World.ts"
import { startCrowd } from "./Crowd.ts"
import { ask } from "./Ask.ts"
import { details } from "../support/people.ts"
const run = Effect.gen(function* () {
  const world = yield* startWorld
  yield* Effect.promise(async () => {
    await world.calm()
    const { port } = world.replicas[0]
    for (let i = 0; i < 50; i++) await ask(port, { path: "/guilds", user: 3 })
    for (const how of ["lock1", "lock100", "lock500"]) {
      const crowd = await startCrowd({ port, clients: 1, questions: [{ path: "/health" }], pause: 3 })
      const locked = world.postgres.query(`do $$ begin lock table guilds in access exclusive mode; perform pg_sleep(4); end $$`)
      await setTimeout(200)
      const answers = await Promise.all(Array.from({ length: Number(how.slice(4)) }, (_, n) => ask(port, { path: "/guilds", method: n % 2 ? "GET" : "POST", user: n + 1, ...(n % 2 ? {} : { body: details }) })))
      await locked
      const alive = await crowd.end()
      console.log(how, "worst liveness", Math.max(...alive.map((a) => a.ms)), "answers", answers.slice(0, 1).map((a) => [a.status, a.ms]), Math.max(...answers.map((a) => a.ms)))
    }
    if (process.env.SHOWLOG) console.log(world.replicas[0].output().split("\n").filter((l) => !l.includes('"http')).slice(0, 30).join("\n"))
  })
})
await Effect.runPromise(Effect.scoped(run))
process.exit(0)
