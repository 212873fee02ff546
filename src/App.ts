import { Effect, Layer } from "effect"
import { HttpRouter } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "./Api.ts"
import { accountLayer } from "./account/AccountHttp.ts"
import { authLayer } from "./auth/AuthHttp.ts"
import { signedInLayer } from "./auth/SignedInHttp.ts"
import { charactersLayer } from "./characters/CharactersHttp.ts"
import { compositionsLayer } from "./composer/CompositionsHttp.ts"
import { guildsLayer } from "./guilds/GuildsHttp.ts"
import { keysLayer } from "./guilds/KeysHttp.ts"
import { healthLayer } from "./health/HealthHttp.ts"
import { Crypto } from "./infra/Crypto.ts"
import * as Database from "./infra/Database.ts"
import { Draining } from "./infra/Draining.ts"
import { GeoIp } from "./infra/GeoIp.ts"
import { Jobs } from "./infra/Jobs.ts"
import { processLayer } from "./infra/Metrics.ts"
import * as Redis from "./infra/Redis.ts"
import * as Telemetry from "./infra/Telemetry.ts"
import { guildRefreshesLayer } from "./refreshes/guild/GuildRefreshesHttp.ts"
import { plansLayer } from "./plans/PlansHttp.ts"
import { refreshesLayer } from "./refreshes/RefreshesHttp.ts"
import { gameVersionsLayer } from "./roster/GameVersionsHttp.ts"
import { rosterLayer } from "./roster/RosterHttp.ts"
import { rulesetsLayer } from "./rulesets/RulesetsHttp.ts"
import { docsLayer } from "./server/Docs.ts"
import { envelopeLayer, jsonBodyLayer } from "./server/EnvelopeHttp.ts"
import * as MetricsServer from "./server/MetricsServer.ts"
import { pipelineLayer } from "./server/Pipeline.ts"
import * as Server from "./server/Server.ts"
import { strayRejectionsLayer } from "./server/StrayRejections.ts"

const slices = Layer.mergeAll(
  healthLayer,
  authLayer,
  charactersLayer,
  guildsLayer,
  keysLayer,
  refreshesLayer,
  gameVersionsLayer,
  rosterLayer,
  guildRefreshesLayer,
  rulesetsLayer,
  plansLayer,
  compositionsLayer,
  accountLayer
)

const middleware = Layer.mergeAll(envelopeLayer, jsonBodyLayer, signedInLayer)

const routes = Layer.mergeAll(HttpApiBuilder.layer(Api), docsLayer, pipelineLayer).pipe(
  Layer.provide(slices),
  Layer.provide(middleware)
)

/** The whole service. It serves no request until migrations, seeds and every layer below are ready. */
export const App = Layer.unwrap(Effect.map(HttpRouter.toHttpEffect(routes), Server.serve)).pipe(
  Layer.provide([Server.platform, Draining.layer, Crypto.layer, GeoIp.layer, Redis.layer]),
  Layer.provide(Layer.provideMerge(Jobs.layer, Database.layer)),
  Layer.provide([MetricsServer.layer, processLayer, strayRejectionsLayer]),
  Layer.provide(Telemetry.layer)
)
