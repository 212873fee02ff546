import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient, Statement } from "effect/sql"
import { App } from "../../src/App.ts"
import { battlenetSimulator, type BattlenetSimulator } from "../../src/demo/simulators/Battlenet.ts"
import { discordSimulator, type DiscordSimulator } from "../../src/demo/simulators/Discord.ts"
import { warcraftlogsSimulator, type WarcraftlogsSimulator } from "../../src/demo/simulators/Warcraftlogs.ts"
import { freePort, step } from "../../src/demo/servers/Watchdog.ts"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { LogSink } from "../../src/infra/LogLines.ts"
import { gate, type Gate } from "./Gate.ts"
import { environment } from "./environment.ts"
import { testDatabase, testRedis } from "./TestServers.ts"

const client = { clientId: environment.DISCORD_CLIENT_ID, clientSecret: environment.DISCORD_CLIENT_SECRET }

/** For `layer`: a service that listens needs the real clock. */
export const live = { excludeTestServices: true } as const

/** The variables that point a service to these providers. */
export const variablesOf = (
  discord: DiscordSimulator,
  warcraftlogs: WarcraftlogsSimulator,
  battlenet: BattlenetSimulator
) => ({
  DISCORD_API_BASE_URL: discord.apiBaseUrl,
  DISCORD_AUTHORIZE_URL: discord.authorizeUrl,
  WCL_OAUTH_TOKEN_URL: warcraftlogs.tokenUrl,
  WCL_ENDPOINT: warcraftlogs.endpoint,
  BNET_OAUTH_TOKEN_URL: battlenet.tokenUrl,
  BNET_API_BASE_URL: battlenet.apiBaseUrl
})

/** The three simulated providers, and the variables that point a service to them. */
export const simulatedProviders = Effect.gen(function* () {
  const discord = yield* discordSimulator({ ...client, redirectUris: [environment.DISCORD_REDIRECT_URL] })
  const warcraftlogs = yield* warcraftlogsSimulator(client)
  const battlenet = yield* battlenetSimulator(client)
  return { discord, warcraftlogs, battlenet, variables: variablesOf(discord, warcraftlogs, battlenet) }
})

type Variables = Readonly<Record<string, string>>

/** Each line at once, where `canaryScan.ts` and `capturedLog.ts` look for it. */
// oxlint-disable-next-line no-console -- tests watch the console
const consoleSink = Layer.succeed(LogSink, (line) => console.log(line))

/** Starts one replica of the service on a free port, and returns its base URL once it serves. */
export const startReplica = Effect.fnUntraced(function* (
  variables: Variables,
  onStatement?: (text: string) => void,
  references: Layer.Layer<never> = Layer.empty
) {
  const port = yield* step(freePort)
  const counter = Layer.succeed(Statement.CurrentTransformer, (statement) =>
    Effect.sync(() => {
      const [text] = statement.compile()
      // The job engine's and the composer's, which nobody asked for.
      if (!/\bjobs_\w+|^\s*\/\* composer/.test(text)) onStatement?.(text)
      return statement
    })
  )
  const service = App.pipe(
    Layer.provide(AppConfig.layerFrom({ ...environment, ...variables, APP_PORT: String(port) })),
    Layer.provide(Layer.mergeAll(counter, consoleSink, references))
  )
  yield* Layer.buildWithMemoMap(service, yield* Layer.makeMemoMap, yield* Effect.scope)
  return `http://127.0.0.1:${port}`
})

/** The service of one test file: its own database, its own providers, real HTTP. */
export class TestApp extends Context.Service<
  TestApp,
  {
    readonly url: string
    readonly discord: DiscordSimulator
    readonly warcraftlogs: WarcraftlogsSimulator
    readonly battlenet: BattlenetSimulator
    /** The gates in front of PostgreSQL and Redis. */
    readonly postgres: Gate
    readonly redis: Gate
    /** The service's variables, to start another replica. */
    readonly variables: Variables
    /** Direct access to the service's database, without its gate. */
    readonly sql: SqlClient.SqlClient
    /** SQL statements since the start; transaction control is not counted. */
    readonly statements: () => number
    /** Their texts. */
    readonly texts: ReadonlyArray<string>
  }
>()("test/TestApp") {
  static readonly layer = (changes: Variables = {}, references: Layer.Layer<never> = Layer.empty) =>
    Layer.effect(
      TestApp,
      Effect.gen(function* () {
        const database = yield* testDatabase
        const store = yield* testRedis
        const postgres = yield* gate(database.host, database.port)
        const redis = yield* gate(store.host, store.port)
        const { discord, warcraftlogs, battlenet, variables } = yield* simulatedProviders
        const all: Variables = {
          ...variables,
          DB_PORT: String(postgres.port),
          DB_USER: database.user,
          DB_PASSWORD: Redacted.value(database.password),
          DB_NAME: database.database,
          REDIS_PORT: String(redis.port),
          REDIS_PASSWORD: Redacted.value(store.password),
          ...changes
        }
        const sql = yield* Effect.map(
          Layer.build(
            PgClient.layer({
              host: database.host,
              port: database.port,
              username: database.user,
              password: database.password,
              database: database.database,
              transformJson: false
            })
          ),
          Context.get(SqlClient.SqlClient)
        )
        const texts: Array<string> = []
        const url = yield* startReplica(all, (text) => texts.push(text), references)
        return TestApp.of({
          url,
          discord,
          warcraftlogs,
          battlenet,
          postgres,
          redis,
          variables: all,
          sql,
          statements: () => texts.length,
          texts
        })
      })
    )
}
