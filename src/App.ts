import { Cause, Context, type Duration, Effect, Layer, Schedule } from "effect"
import { HttpRouter } from "effect/http"
import { HttpApiBuilder, HttpApiScalar } from "effect/http-api"
import { Api } from "./Api.ts"
import { sessionsLayer, signInLayer } from "./auth/AuthHttp.ts"
import { ProfileRefresh } from "./auth/ProfileRefresh.ts"
import { ProfileRefreshRepo } from "./auth/ProfileRefreshRepo.ts"
import { Sessions } from "./auth/Sessions.ts"
import { SessionsRepo } from "./auth/SessionsRepo.ts"
import { SignIn } from "./auth/SignIn.ts"
import { SignInRepo } from "./auth/SignInRepo.ts"
import * as Sweep from "./auth/Sweep.ts"
import { SweepRepo } from "./auth/SweepRepo.ts"
import { Characters } from "./characters/Characters.ts"
import { charactersLayer } from "./characters/CharactersHttp.ts"
import { CharactersRepo } from "./characters/CharactersRepo.ts"
import { Guilds } from "./guilds/Guilds.ts"
import { GuildHistory } from "./guilds/GuildHistory.ts"
import { GuildHistoryRepo } from "./guilds/GuildHistoryRepo.ts"
import { guildsLayer, invitesLayer } from "./guilds/GuildsHttp.ts"
import { GuildsRepo } from "./guilds/GuildsRepo.ts"
import { Invites } from "./guilds/Invites.ts"
import { InvitesRepo } from "./guilds/InvitesRepo.ts"
import { Members } from "./guilds/Members.ts"
import { MembersRepo } from "./guilds/MembersRepo.ts"
import { healthLayer } from "./health/HealthHttp.ts"
import { envelopeLayer, jsonBodyLayer } from "./server/EnvelopeHttp.ts"
import { RateLimits } from "./limits/RateLimits.ts"
import * as Rim from "./server/Pipeline.ts"
import * as MetricsServer from "./server/MetricsServer.ts"
import { docsPath, openApiPath } from "./server/RouteTable.ts"
import * as Server from "./server/Server.ts"
import { SessionCookies } from "./auth/SessionCookies.ts"
import { signedInLayer } from "./auth/SignedInHttp.ts"
import { AppConfig } from "./infra/AppConfig.ts"
import { BnetClient } from "./refreshes/battlenet/BnetClient.ts"
import { Crypto } from "./infra/Crypto.ts"
import { DiscordClient } from "./auth/discord/DiscordClient.ts"
import { GeoIp } from "./infra/GeoIp.ts"
import { RateLimiter } from "./limits/RateLimiter.ts"
import { processLayer } from "./infra/Metrics.ts"
import * as Redis from "./infra/Redis.ts"
import * as Sql from "./infra/Sql.ts"
import { migrate, seed, type SqlFilesError } from "./infra/SqlFiles.ts"
import * as Telemetry from "./infra/Telemetry.ts"
import { WclClient } from "./refreshes/warcraftlogs/WclClient.ts"

const groups = Layer.mergeAll(healthLayer, signInLayer, sessionsLayer, guildsLayer, invitesLayer, charactersLayer)

const middleware = Layer.mergeAll(envelopeLayer, jsonBodyLayer, signedInLayer)

const slices = Layer.mergeAll(Invites.layer, Members.layer, GuildHistory.layer).pipe(
  Layer.provideMerge(Guilds.layer),
  Layer.provideMerge(Characters.layer),
  Layer.provideMerge(SignIn.layer),
  Layer.provideMerge(Sessions.layer),
  Layer.provideMerge(RateLimits.layer),
  Layer.provideMerge(SessionCookies.layer),
  Layer.merge(Sweep.layer),
  Layer.provide(ProfileRefresh.layer),
  Layer.provide(
    Layer.mergeAll(
      SessionsRepo.layer,
      SignInRepo.layer,
      ProfileRefreshRepo.layer,
      SweepRepo.layer,
      GuildsRepo.layer,
      MembersRepo.layer,
      InvitesRepo.layer,
      GuildHistoryRepo.layer,
      CharactersRepo.layer
    )
  )
)

const infra = Layer.mergeAll(
  Crypto.layer,
  GeoIp.layer,
  DiscordClient.layer,
  WclClient.layer,
  BnetClient.layer,
  RateLimiter.layer.pipe(Layer.provide(Crypto.layer), Layer.provideMerge(Redis.layer))
)

/** How long a start waits for PostgreSQL. */
export const PostgresPatience = Context.Reference<Duration.Input>("App/PostgresPatience", {
  defaultValue: () => "30 seconds"
})

/** Containers start in any order, so a PostgreSQL that does not answer yet is asked again for a while. */
const patiently = <A, R>(work: Effect.Effect<A, SqlFilesError, R>) =>
  Effect.flatMap(PostgresPatience, (duration) =>
    work.pipe(
      Effect.tapError((error) => (error.unreachable ? Effect.logWarning("Waiting for PostgreSQL") : Effect.void)),
      Effect.retry({
        schedule: Schedule.min([Schedule.exponential("250 millis"), Schedule.spaced("2 seconds")]).pipe(
          Schedule.upTo({ duration })
        ),
        while: (error) => error.unreachable
      })
    )
  )

/** PostgreSQL with its tables as this version of the code knows them. */
const database = Layer.effectDiscard(
  Effect.gen(function* () {
    const { runSeeds } = yield* AppConfig
    yield* patiently(migrate)
    if (runSeeds) yield* patiently(seed)
  })
).pipe(Layer.provideMerge(Sql.layer))

const routes = Layer.mergeAll(
  HttpApiBuilder.layer(Api, { openapiPath: openApiPath }),
  HttpApiScalar.layer(Api, { path: docsPath }),
  Rim.layer
).pipe(Layer.provide(groups), Layer.provide(middleware))

/** A rejection that nobody waits for is told, and costs nobody an answer; without this it would end the process. */
const strayRejections = Layer.effectDiscard(
  Effect.gen(function* () {
    const runFork = Effect.runForkWith(yield* Effect.context<never>())
    const tell = (reason: unknown) => runFork(Effect.logError("A rejection that nobody waited for", Cause.die(reason)))
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on("unhandledRejection", tell)),
      () => Effect.sync(() => process.off("unhandledRejection", tell))
    )
  })
)

/** The whole service. Nothing is served before migrations, seeds and every layer under it are ready. */
export const App = Layer.unwrap(Effect.map(HttpRouter.toHttpEffect(routes), Server.serve)).pipe(
  Layer.provide(
    Layer.succeed(HttpRouter.RouterConfig, {
      ignoreDuplicateSlashes: false,
      ignoreTrailingSlash: false,
      caseSensitive: true,
      maxParamLength: 256
    })
  ),
  Layer.provide(Server.platform),
  Layer.provide(slices),
  Layer.provide(infra),
  Layer.provide(database),
  Layer.provide(Layer.merge(MetricsServer.layer, processLayer)),
  Layer.provide(strayRejections),
  Layer.provide(Telemetry.layer)
)
