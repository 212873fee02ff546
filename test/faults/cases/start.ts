import { randomInt } from "node:crypto"
import { setTimeout } from "node:timers/promises"
import { ask } from "../Ask.ts"
import { none, type Result, times } from "../Figures.ts"
import type { Replica } from "../Replica.ts"
import { roundsOf, type Size, usingReplicas, type World } from "../World.ts"

let databases = 0

/** An empty database, and replicas on it that end with the callback. */
const withReplicas = async <A>(
  world: World,
  count: number,
  use: (replicas: ReadonlyArray<Replica>) => Promise<A>,
  more: Readonly<Record<string, string>> = {}
) => {
  const name = `start_${(databases += 1)}`
  await world.postgres.create(name)
  return { name, result: await usingReplicas(world, count, { DB_NAME: name, ...more }, use) }
}

const applied = (replicas: ReadonlyArray<Replica>) =>
  replicas.flatMap((replica) => replica.output().match(/Applied migration \w+/g) ?? [])

export const together = async (world: World, size: Size): Promise<Result> => {
  const rounds = roundsOf(size, 20, 1)
  const starts: Array<number> = []
  let wrong = 0
  for (let round = 0; round < rounds; round += 1) {
    await withReplicas(world, 5, async (replicas) => {
      replicas.forEach((replica) => replica.spawn())
      starts.push(...(await Promise.all(replicas.map((replica) => replica.answered("/health/ready")))))
      const all = applied(replicas)
      if (all.length === 0 || new Set(all).size !== all.length) wrong += 1
    })
  }
  return {
    title: "Five replicas start at once on an empty database",
    load: `${rounds} databases`,
    statuses: {},
    figures: [
      times("from the start of a replica until it is ready", starts, {}),
      none("databases on which a migration ran twice or never", rounds, wrong)
    ]
  }
}

export const killedMigration = async (world: World, size: Size): Promise<Result> => {
  const rounds = roundsOf(size, 20, 2)
  const starts: Array<number> = []
  let cut = 0
  let wrong = 0
  for (let round = 0; round < rounds; round += 1) {
    const { name } = await withReplicas(world, 2, async ([first, second]) => {
      first!.spawn()
      const since = performance.now()
      // At a random moment of its migrations, which end soon after the first.
      while (applied([first!]).length === 0 && performance.now() - since < 20_000) await setTimeout(1)
      await setTimeout(randomInt(60))
      await first!.end("SIGKILL")
      second!.spawn()
      starts.push(await second!.answered("/health/ready"))
      if (applied([second!]).length > 0) cut += 1
    })
    const rows = await world.postgres.query<{ name: string }>("select name from schema_migrations order by name", name)
    if (rows.length === 0 || new Set(rows.map((row) => row.name)).size !== rows.length) wrong += 1
  }
  return {
    title: "SIGKILL in a migration",
    load: `${rounds} databases, ${cut} of which the next start had to finish`,
    statuses: {},
    figures: [
      times("from the next start until it is ready", starts, {}),
      none("databases with a migration recorded twice or never", rounds, wrong)
    ]
  }
}

export const absent = async (world: World): Promise<Result> => {
  const since = performance.now()
  world.postgres.gate.shut()
  const { result } = await withReplicas(world, 1, async ([replica]) => {
    replica!.spawn()
    const code = await replica!.ended()
    return { code, ms: performance.now() - since, said: replica!.output().includes("PostgreSQL is not responding") }
  })
  world.postgres.gate.open()
  world.redis.gate.shut()
  const without = await withReplicas(world, 1, async ([replica]) => {
    const ms = await replica!.start()
    const { status } = await ask(replica!.port, { path: "/health/redis", fresh: true })
    return { ms, status, said: replica!.output().includes("Redis is not responding") }
  })
  world.redis.gate.open()
  return {
    title: "A start without PostgreSQL, and one without Redis",
    load: "One start each",
    statuses: {},
    figures: [
      times("without PostgreSQL, until the exit", [result.ms], { worst: 45_000 }),
      none("exit codes 0, or no clear sentence", 1, +(result.code === 0 || !result.said)),
      times("without Redis, until the first answer", [without.result.ms], { worst: 5000 }),
      none("not told in /health/redis and the log", 1, +(without.result.status !== 503 || !without.result.said))
    ]
  }
}
