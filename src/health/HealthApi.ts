import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Allowance } from "../limits/Allowance.ts"

const up = <const Service extends string>(service: Service) =>
  Schema.Struct({ status: Schema.Literal("ok"), service: Schema.Literal(service) })

const down = <const Service extends string>(service: Service) =>
  Schema.Struct({
    status: Schema.Literal("unavailable"),
    service: Schema.Literal(service),
    error: Schema.String
  }).annotate({ httpApiStatus: 503 })

/** For load balancers and orchestrators. Failures here do not use the error envelope, since probes expect this form. */
export class HealthApi extends HttpApiGroup.make("health")
  .add(
    HttpApiEndpoint.get("app", "/", { success: up("app") }),
    HttpApiEndpoint.get("ready", "/ready", { success: up("ready"), error: down("ready") }),
    HttpApiEndpoint.get("postgres", "/postgres", { success: up("postgres"), error: down("postgres") }),
    HttpApiEndpoint.get("redis", "/redis", { success: up("redis"), error: down("redis") })
  )
  .annotate(Allowance, "none")
  .prefix("/health") {}
