import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { documented, field } from "../http/Documented.ts"
import { Allowance } from "../limits/Allowance.ts"

const up = <const Service extends string>(service: Service) =>
  Schema.Struct({ status: Schema.Literal("ok"), service: Schema.Literal(service) })

const alive = Schema.Struct({
  status: Schema.Literal("ok"),
  service: Schema.Literal("app"),
  version: field(Schema.String, "The version that runs.", "0.2.0"),
  revision: field(Schema.String, "The commit that it was built from, or `unknown`.", "34fbca7")
})

const down = <const Service extends string>(service: Service) =>
  Schema.Struct({
    status: Schema.Literal("unavailable"),
    service: Schema.Literal(service),
    error: field(Schema.String, "One of a few fixed sentences.", "PostgreSQL is not responding.")
  }).annotate({ httpApiStatus: 503, description: "It cannot serve." })

export class HealthApi extends HttpApiGroup.make("health")
  .add(
    HttpApiEndpoint.get("app", "/", { success: alive }).annotateMerge(
      documented("Is it alive?", "Answers as long as the process does; asks nothing of its servers.")
    ),
    HttpApiEndpoint.get("ready", "/ready", { success: up("ready"), error: down("ready") }).annotateMerge(
      documented("Should it get traffic?", "PostgreSQL takes writes and knows our migrations, and no stop has begun.")
    ),
    HttpApiEndpoint.get("postgres", "/postgres", { success: up("postgres"), error: down("postgres") }).annotateMerge(
      documented("Does PostgreSQL answer?", "Within 2 seconds.")
    ),
    HttpApiEndpoint.get("redis", "/redis", { success: up("redis"), error: down("redis") }).annotateMerge(
      documented("Does Redis answer?", "Within 2 seconds.")
    )
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Health",
      description: "For load balancers and orchestrators. A failure has the form that probes expect, not the envelope."
    })
  )
  .annotate(Allowance, "none")
  .prefix("/health") {}
