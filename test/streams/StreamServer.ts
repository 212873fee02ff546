import { Effect, Layer, Schema, Stream } from "effect"
import { HttpRouter, HttpServerRequest } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Statement } from "effect/sql"
import { NeededScope } from "../../src/auth/KeyScope.ts"
import { RequestCookies, SessionCookies } from "../../src/auth/SessionCookies.ts"
import { Caller, SignedIn } from "../../src/auth/SignedIn.ts"
import { signedInLayer } from "../../src/auth/SignedInHttp.ts"
import { freePort, step } from "../../src/demo/servers/Watchdog.ts"
import { GuildId } from "../../src/guilds/Guild.ts"
import { field } from "../../src/http/Documented.ts"
import { Envelope } from "../../src/http/Envelope.ts"
import { eventStream, lastEventId, streamed } from "../../src/http/EventStream.ts"
import { groupOf } from "../../src/http/Handlers.ts"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { Crypto } from "../../src/infra/Crypto.ts"
import { Draining } from "../../src/infra/Draining.ts"
import { GeoIp } from "../../src/infra/GeoIp.ts"
import { LogSink } from "../../src/infra/LogLines.ts"
import { Notices } from "../../src/infra/Notices.ts"
import * as Redis from "../../src/infra/Redis.ts"
import * as Sql from "../../src/infra/Sql.ts"
import * as Telemetry from "../../src/infra/Telemetry.ts"
import { envelopeLayer } from "../../src/server/EnvelopeHttp.ts"
import * as MetricsServer from "../../src/server/MetricsServer.ts"
import { platform, serve } from "../../src/server/Server.ts"
import { EventStreams, StreamRules } from "../../src/streams/EventStreams.ts"
import { environment } from "../support/environment.ts"

const Heard = Schema.Struct({
  rest: field(Schema.String, "The rest of the payload.", "7"),
  after: field(Schema.NullOr(Schema.String), "The last event of this listener.", "11")
})

class NumbersApi extends HttpApiGroup.make("numbers")
  .add(
    HttpApiEndpoint.get("events", "/guilds/:guild_id/numbers", {
      params: { guild_id: GuildId },
      success: eventStream(["heard"], Heard)
    })
      .annotate(NeededScope, "plans:read")
      .annotateMerge(streamed)
  )
  .middleware(SignedIn) {}

/** An API of one stream: what a plan's channel tells, as it comes. */
export class StreamApi extends HttpApi.make("streams").add(NumbersApi).middleware(Envelope) {}

const numbers = groupOf(
  StreamApi,
  "numbers",
  Effect.fnUntraced(function* (handlers) {
    const streams = yield* EventStreams
    const notices = yield* Notices
    return handlers.handleAll({
      events: Effect.fnUntraced(function* ({ params, request }) {
        const after = lastEventId(request) ?? null
        let id = 0
        const heard = Stream.map(notices.of("plan", params.guild_id), (rest) => ({
          id: (id += 1),
          event: "heard",
          data: { rest, after }
        }))
        return yield* streams.answer(yield* Caller, params.guild_id, heard)
      })
    })
  })
).pipe(Layer.provide([EventStreams.layer, Notices.layer]))

/** What the pipeline gives each request, as far as these need it. */
const cookies = HttpRouter.middleware(
  Effect.map(
    SessionCookies,
    ({ read }) =>
      (app) =>
        Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) =>
          Effect.provideService(app, RequestCookies, read(headers.cookie))
        )
  ),
  { global: true }
).pipe(Layer.provide(SessionCookies.layer))

const routes = Layer.mergeAll(HttpApiBuilder.layer(StreamApi), cookies).pipe(
  Layer.provide(numbers),
  Layer.provide([envelopeLayer, signedInLayer])
)

interface Options {
  readonly rules?: (typeof StreamRules)["Service"]
  /** Each statement's text. */
  readonly onStatement?: (text: string) => void
}

/** Starts a replica of that API for the people and guilds of a test's database, and returns its URL. */
export const startStreams = Effect.fnUntraced(function* (
  variables: Readonly<Record<string, string>>,
  { rules, onStatement }: Options = {}
) {
  const port = variables.APP_PORT ?? String(yield* step(freePort))
  const counter = Layer.succeed(Statement.CurrentTransformer, (statement) =>
    Effect.sync(() => {
      onStatement?.(statement.compile()[0])
      return statement
    })
  )
  const service = Layer.unwrap(Effect.map(HttpRouter.toHttpEffect(routes), serve)).pipe(
    Layer.provide([platform, Draining.layer, Crypto.layer, GeoIp.layer, Redis.layer, Sql.layer]),
    Layer.provide(MetricsServer.layer),
    Layer.provide(Telemetry.layer),
    Layer.provide(AppConfig.layerFrom({ ...environment, ...variables, APP_PORT: port })),
    // oxlint-disable-next-line no-console -- tests watch the console
    Layer.provide([counter, Layer.succeed(LogSink, (line) => console.log(line))]),
    Layer.provide(rules === undefined ? Layer.empty : Layer.succeed(StreamRules, rules))
  )
  yield* Layer.buildWithMemoMap(service, yield* Layer.makeMemoMap, yield* Effect.scope)
  return `http://127.0.0.1:${port}`
})
