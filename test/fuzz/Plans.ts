import * as fc from "fast-check"
import { bodies } from "./Bodies.ts"
import { bodySchemaOf, type OpenApiDocument, type Operation, operationsOf } from "./Document.ts"
import { framing, type Framing } from "./Framing.ts"

/** A part of a path: literal, or one of the ids known under that name when the request is sent. */
type Segment = string | { readonly name: string; readonly pick: number }

/** A request as generated: the same for the same seed and index, whatever the service did before. */
export interface HttpPlan {
  readonly kind: "http"
  readonly method: string
  readonly segments: ReadonlyArray<Segment>
  readonly query: string
  readonly person: number
  readonly cookies: string
  readonly csrf: string
  /** Which key is sent beside the cookies, if any. */
  readonly key: number | undefined
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly body: Buffer | undefined
}

export type Plan = HttpPlan | Framing

const mostly = <A>(weight: number, usual: fc.Arbitrary<A>, rare: fc.Arbitrary<A>) =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: rare })

const encoded = fc
  .string({ unit: "binary", minLength: 1, maxLength: 40 })
  .filter((text) => text.isWellFormed())
  .map(encodeURIComponent)

const oddSegment = fc.oneof(
  fc.uuid(),
  encoded,
  fc.constantFrom(
    "%00",
    "%2e%2e",
    "..",
    "%ff",
    "%c0%af",
    "%",
    "%zz",
    "{id}",
    "a%2Fb",
    "%0d%0aSet-Cookie:x=1",
    "x".repeat(10_000),
    "00000000-0000-0000-0000-000000000000",
    "null",
    "1",
    "\u00e9"
  )
)

const segmentsOf = ({ path }: Operation): fc.Arbitrary<ReadonlyArray<Segment>> =>
  fc.tuple(
    ...path.split("/").map((part): fc.Arbitrary<Segment> => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1]
      return name === undefined
        ? fc.constant(part)
        : mostly<Segment>(5, fc.record({ name: fc.constant(name), pick: fc.nat(1000) }), oddSegment)
    })
  )

const undeclared = fc.oneof(
  fc.array(oddSegment, { maxLength: 4 }).map((parts) => ["", "api", "v1", ...parts]),
  fc
    .constantFrom(
      "/",
      "//",
      "/api",
      "/api/v1/",
      "/api/v1//guilds",
      "/api/v1/guilds/",
      "/API/v1/guilds",
      "/api/v1/openapi.json",
      "/api/v1/docs",
      "/api/v2/guilds",
      "/api/v1/../v1/guilds",
      "/*"
    )
    .map((path) => [path])
)

const query = mostly(
  4,
  fc.constant(""),
  fc
    .array(
      fc.tuple(
        mostly(2, fc.constantFrom("limit", "cursor", "dry_run", "replace", "format", "from", "to"), encoded),
        fc.oneof(
          encoded,
          fc.constantFrom(
            "true",
            "false",
            "csv",
            "json",
            "text",
            "mrt",
            "1",
            "100",
            "101",
            "-1",
            "1e2",
            "%00",
            "%ff",
            "%",
            "",
            "NaN"
          ),
          fc.base64String({ maxLength: 220 })
        )
      ),
      { maxLength: 3 }
    )
    .map((pairs) => `?${pairs.map(([key, value]) => `${key}=${value}`).join("&")}`)
)

const latin = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code === 0x7f ? 0x20 : code)),
  maxLength: 200
})

const maybe = (name: string, value: fc.Arbitrary<string>, weight = 8) =>
  mostly<ReadonlyArray<readonly [string, string]>>(
    weight,
    fc.constant([]),
    value.map((value) => [[name, value] as const])
  )

const contentType = mostly<ReadonlyArray<readonly [string, string]>>(
  10,
  fc.constant([["content-type", "application/json"] as const]),
  fc.oneof(
    fc.constant([]),
    fc.constant([["content-type", "application/json"] as const, ["content-type", "text/plain"] as const]),
    fc
      .constantFrom(
        "application/json; charset=utf-8",
        "application/json;charset=utf-16",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "APPLICATION/JSON",
        "application/json, text/plain",
        "application/merge-patch+json",
        "text/csv",
        "text/csv; charset=utf-8",
        "",
        ";"
      )
      .map((value) => [["content-type", value] as const])
  )
)

const extras = fc
  .tuple(
    maybe(
      "origin",
      mostly(1, fc.constant("http://app.test:4200"), fc.oneof(fc.constantFrom("null", "http://evil.test", ""), latin)),
      5
    ),
    maybe("sec-fetch-site", fc.constantFrom("cross-site", "same-origin", "none"), 15),
    maybe("content-encoding", fc.constantFrom("gzip", "identity", "br", ""), 20),
    maybe(
      "x-request-id",
      fc.oneof(fc.constantFrom("abcdefgh-1", "x", "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"), latin)
    ),
    maybe("user-agent", fc.oneof(latin, fc.constantFrom("\u00ff\u00fe", "x".repeat(4000)))),
    maybe(
      "if-match",
      fc.oneof(fc.constantFrom("*", '"1"', '"2"', '"3"', 'W/"1"', '"999999999999999999999"', ""), latin),
      1
    ),
    maybe("if-none-match", fc.oneof(fc.constantFrom("*", '"1"', '"2"'), latin), 8),
    maybe("accept", fc.oneof(latin, fc.constantFrom("text/html", "*/*;q=0"))),
    maybe("x-forwarded-for", fc.oneof(latin, fc.ipV4(), fc.ipV6())),
    maybe("access-control-request-method", fc.constantFrom("POST", "X"), 15),
    maybe("x-http-method-override", fc.constant("DELETE"), 20)
  )
  .map((all) => all.flat())

const cookieKinds = mostly(
  8,
  fc.constant("good"),
  fc.constantFrom("none", "garbage", "doubled", "twice the same", "mixed", "empty", "another's")
)
const csrfKinds = mostly(8, fc.constant("good"), fc.constantFrom("none", "garbage", "doubled", "another's"))
const methods = fc.constantFrom(
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "PROPFIND",
  "QUERY"
)

/** All requests of a run: nine of ten over HTTP, the tenth as bytes with a fault in their framing. */
export const plans = (document: OpenApiDocument): fc.Arbitrary<Plan> => {
  const declared = operationsOf(document).map((operation) => ({
    method: mostly(12, fc.constant(operation.method), methods),
    segments: segmentsOf(operation),
    body:
      operation.method === "GET"
        ? mostly(20, fc.constant(undefined), bodies(undefined, document))
        : bodies(bodySchemaOf(operation), document)
  }))
  const nowhere = { method: methods, segments: undeclared, body: bodies(undefined, document) }
  const shared = {
    query,
    person: fc.nat(3),
    cookies: cookieKinds,
    csrf: csrfKinds,
    key: mostly(3, fc.constant(undefined), fc.nat(10)),
    headers: fc.tuple(contentType, extras)
  }
  const plan = ({ method, segments, body }: (typeof declared)[number]) =>
    fc.record({ method, segments, body, ...shared }).map(({ headers: [type, others], ...rest }): HttpPlan => {
      const typed = rest.body === undefined ? [] : type
      return { kind: "http", ...rest, headers: [...typed, ...others] }
    })
  const http = mostly<Plan>(12, fc.oneof(...declared.map(plan)), plan(nowhere))
  return mostly<Plan>(9, http, framing)
}

/** The request of that index. */
export const planAt = (plans: fc.Arbitrary<Plan>, seed: number, index: number): Plan =>
  fc.sample(plans, { seed: (seed ^ Math.imul(index + 1, 0x9e3779b1)) | 0, numRuns: 1 })[0]!
