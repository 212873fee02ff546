import { Effect, Exit, Scope } from "effect"
import { battlenetSimulator } from "../../src/demo/simulators/Battlenet.ts"
import { discordSimulator } from "../../src/demo/simulators/Discord.ts"
import { warcraftlogsSimulator } from "../../src/demo/simulators/Warcraftlogs.ts"
import { environment } from "../support/environment.ts"
import { variablesOf } from "../support/TestApp.ts"
import { startBalancer } from "./Balancer.ts"
import { until } from "./Load.ts"
import { Replica } from "./Replica.ts"
import { folder, startPostgres, startRedis } from "./Servers.ts"
import { ask } from "./Ask.ts"

const client = { clientId: environment.DISCORD_CLIENT_ID, clientSecret: environment.DISCORD_CLIENT_SECRET }
const plenty = 1_000_000_000

/** Two replicas of the bundle behind a balancer, their servers behind proxies, and simulated providers. */
export const startWorld = Effect.gen(function* () {
  const postgres = yield* startPostgres
  const redis = yield* startRedis
  const discord = yield* discordSimulator({ ...client, redirectUris: [environment.DISCORD_REDIRECT_URL] })
  const warcraftlogs = yield* warcraftlogsSimulator({ ...client, pointsPerHour: plenty, requestsPerMinute: plenty })
  const battlenet = yield* battlenetSimulator({ ...client, requestsPerSecond: plenty })
  const variables = {
    ...environment,
    ...variablesOf(discord, warcraftlogs, battlenet),
    DB_PORT: String(postgres.gate.port),
    DB_USER: postgres.user,
    DB_PASSWORD: postgres.password,
    DB_NAME: postgres.database,
    REDIS_PORT: String(redis.gate.port),
    REDIS_PASSWORD: redis.password
  }
  const logs = yield* folder
  /** A replica that ends with the harness, if no case has ended it. */
  const replica = (more: Readonly<Record<string, string>> = {}) =>
    Effect.acquireRelease(
      Effect.sync(() => new Replica({ ...variables, ...more }, logs)),
      (one) => Effect.promise(() => one.end())
    )
  const one = yield* replica()
  const other = yield* replica()
  const balancer = yield* startBalancer([one, other])
  const replicas = [one, other] as const

  const isReady = async ({ port }: Replica) => {
    const answers = await Promise.all(
      ["/health/ready", "/health/redis"].map((path) => ask(port, { path, fresh: true, timeout: 3000 }))
    )
    return answers.every(({ status }) => status === 200)
  }
  /** Everything is up, whatever the last case did. */
  const calm = async () => {
    postgres.gate.open()
    redis.gate.open()
    discord.clearFaults()
    warcraftlogs.clearFaults()
    battlenet.clearFaults()
    for (const each of replicas) if (!each.isRunning) await each.start()
    for (const each of replicas) await until(() => isReady(each), 30_000, "a ready replica")
  }
  return { postgres, redis, discord, warcraftlogs, battlenet, replicas, balancer, replica, calm }
})

export type World = Effect.Success<typeof startWorld>

/** Replicas of a case's own, which end with the callback. */
export const usingReplicas = async <A>(
  world: World,
  count: number,
  more: Readonly<Record<string, string>>,
  use: (replicas: ReadonlyArray<Replica>) => Promise<A>
) => {
  const scope = Scope.makeUnsafe()
  try {
    const made = Effect.replicateEffect(world.replica(more), count)
    return await use(await Effect.runPromise(Scope.provide(made, scope)))
  } finally {
    await Effect.runPromise(Scope.close(scope, Exit.void))
  }
}

/** How long a case runs. */
export interface Size {
  readonly short: boolean
  readonly rounds: number | undefined
}

/** Rounds that were asked for, or as many as the long or short run has. */
export const roundsOf = ({ short, rounds }: Size, long: number, few: number) => rounds ?? (short ? few : long)
