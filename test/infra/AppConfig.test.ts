import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseEnv } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { variables } from "../../src/infra/AppConfig.ts"
import { certificateFile } from "../support/Certificates.ts"
import { environment } from "../support/environment.ts"
import { key, nameOf, read, readAll, refuse, type Variables } from "./configured.ts"

const urls = ["canary", "canary.test", "ftp://canary.test", "https:canary.test", "https://", "https:///canary"].concat(
  ["https://canary:canary@host.test", "https://canary.test:70000", "https://canary test", "javascript:canary"],
  ["https://host.test/#canary"]
)
const ports = ["0", "65536", "-1", "80.5", "8e3", "0x50", "99999999999999999999", "canary"]
const hosts = ["canary host", "http://canary.test", "canary/1", "canary@host"]
const placeholders = [
  ["changeme", "change-me", "CHANGE_ME_PLEASE", "changeme123", "dev-secret-change-me-in-production-please"],
  ["your-client-secret", "your_secret_here", "my-example-secret", "placeholder", "replace-with-32-random-bytes-please"],
  ["<discord client secret of yours here>", "${DISCORD_CLIENT_SECRET_OF_YOURS}", "secret", "password", "TODO", "xxxx"]
].flat()
const keys = [
  ["canary", key.toString("hex").slice(1), `${key.toString("hex")}0`, key.toString("base64").slice(1)],
  [key.subarray(1).toString("base64"), `${key.toString("base64url").slice(1)}!`],
  ["0".repeat(64), "ab".repeat(32), Buffer.alloc(32).toString("base64"), Buffer.alloc(32, 7).toString("base64url")]
].flat()

const hmacSecrets = [...placeholders, "canary-of-only-31-bytes-7d2f9ab", "0".repeat(64), "AAAA".repeat(12)]

/** Invalid values of each required variable, besides absent and blank. */
const required: Readonly<Record<string, ReadonlyArray<string>>> = {
  APP_PORT: ports,
  FRONTEND_BASE_URL: [...urls, "https://host.test/canary", "https://host.test/?canary"],
  DB_HOST: [...hosts, "./canary"],
  DB_PORT: ports,
  DB_USER: [],
  DB_PASSWORD: [],
  DB_NAME: [],
  REDIS_HOST: hosts,
  REDIS_PORT: ports,
  REDIS_PASSWORD: [],
  DISCORD_CLIENT_ID: [],
  DISCORD_CLIENT_SECRET: placeholders,
  DISCORD_REDIRECT_URL: urls,
  DISCORD_TOKEN_ENCRYPTION_KEY: keys,
  SESSION_HMAC_SECRET: hmacSecrets,
  COOKIE_DOMAIN: ["canary domain", "canary:80", "https://canary.test", "-canary", "canary..test", "canary;test"].concat(
    ["192.0.2.7", "[2001:db8::7]", "canary.7", "canary.0x7f"]
  ),
  GEOIP_DATABASE_PATH: [],
  WCL_CLIENT_ID: [],
  WCL_CLIENT_SECRET: placeholders,
  BNET_CLIENT_ID: [],
  BNET_CLIENT_SECRET: placeholders
}

const rates = ["0", "1000001", "1.5", "canary"]
const flags = ["yes", "1", "canary", "constructor", "__proto__"]

/** Absent, a folder, and without a certificate. */
const files = ["/nowhere/canary.pem", "/", fileURLToPath(import.meta.url)]

const exporters = ["canary", "otlp,canary", "console", "prometheus"]
const pairs = ["canary", "=canary", "canary=%zz", "a=b,,canary=c", "a canary=b"]

/** Invalid values of each optional variable. */
const optional: Readonly<Record<string, ReadonlyArray<string>>> = {
  DB_POOL_SIZE: ["0", "1001", "-1", "canary"],
  DB_SSL: ["true", "canary"],
  DB_SSL_CA: files,
  DB_POOLER: ["true", "canary", "session"],
  REDIS_USERNAME: [],
  REDIS_TLS: flags,
  REDIS_TLS_CA: files,
  DISCORD_TOKEN_ENCRYPTION_KEY_PREVIOUS: keys,
  DISCORD_API_BASE_URL: urls,
  DISCORD_AUTHORIZE_URL: urls,
  SESSION_HMAC_SECRET_PREVIOUS: hmacSecrets,
  SESSION_COOKIE_NAME: ["canary cookie", "canary;", "canary=", "canäry", "c".repeat(65)],
  CSRF_COOKIE_NAME: ["canary cookie", "canary,", '"canary"'],
  COOKIE_SECURE: flags,
  COOKIE_SAME_SITE: ["canary", "lax,strict"],
  WCL_OAUTH_TOKEN_URL: urls,
  WCL_ENDPOINT: urls,
  WCL_ZONE_ID: ["0", "-1", "canary"],
  WCL_SKIP_GEAR: flags,
  WCL_API_DELAY_MS: ["-1", "5001", "300ms"],
  BNET_GAME_VERSION: ["canary", "vanilla"],
  BNET_OAUTH_TOKEN_URL: urls,
  BNET_API_BASE_URL: [...urls, "https://{zone}.canary.test"],
  RUN_DB_SEEDS: flags,
  TRUSTED_PROXIES: ["canary", "10.0.0.0/33", "10.0.0.0/8,", "10.0.0.0/8 10.1.0.0/16", "256.0.0.1"],
  AUDIT_RETENTION_DAYS: ["0", "3651", "canary"],
  REFRESH_NIGHTLY: ["canary", "30 4 * * *", "30 4 * * * Canary/City", "61 4 * * * Europe/Paris", "30 4 * * canary UTC"],
  RATE_LIMIT_SIGN_IN: rates,
  RATE_LIMIT_CALLBACK: rates,
  RATE_LIMIT_REQUESTS: rates,
  RATE_LIMIT_REFRESHES: rates,
  METRICS_PORT: ports,
  OTEL_EXPORTER_OTLP_ENDPOINT: urls,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: urls,
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: urls,
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: urls,
  OTEL_TRACES_EXPORTER: exporters,
  OTEL_LOGS_EXPORTER: exporters,
  OTEL_METRICS_EXPORTER: exporters,
  OTEL_EXPORTER_OTLP_HEADERS: pairs,
  OTEL_EXPORTER_OTLP_PROTOCOL: ["canary"],
  OTEL_EXPORTER_OTLP_COMPRESSION: ["canary", "zstd"],
  OTEL_SERVICE_NAME: [],
  OTEL_RESOURCE_ATTRIBUTES: pairs,
  OTEL_TRACES_SAMPLER: ["canary", "parentbased_", "jaeger_remote"],
  OTEL_TRACES_SAMPLER_ARG: ["1.1", "-1", ".", "canary", "0x1", "1e-1"],
  OTEL_SDK_DISABLED: flags,
  SHUTDOWN_DELAY_MS: ["-1", "60001", "5s"],
  REVISION: ["canary revision", "canary/1", "c".repeat(65)],
  LOG_LEVEL: ["canary", "verbose"],
  LOG_FORMAT: ["canary", "xml"]
}

const each = (table: typeof required, more: ReadonlyArray<string | undefined> = []) =>
  Object.entries(table).flatMap(([name, values]) => [...more, ...values].map((value) => [name, value] as const))

describe("an invalid variable", () => {
  it.effect.each([...each(required, [undefined, "", " \t "]), ...each(optional)])(
    "U01 U02 %s=%j is refused",
    ([name, value]) =>
      Effect.gen(function* () {
        const { faults, message } = yield* refuse({ ...environment, [name]: value })
        assert.deepStrictEqual(faults.map(nameOf), [name])
        assert.include(message, name)
        assert.notMatch(message, /canary/)
      })
  )

  it.effect.each(Object.keys(optional))("%s may be empty or blank", (name) =>
    Effect.gen(function* () {
      const { [name]: _, ...without } = environment as Variables
      const absent = JSON.stringify(yield* readAll(without))
      assert.strictEqual(JSON.stringify(yield* read({ [name]: "" })), absent)
      assert.strictEqual(JSON.stringify(yield* read({ [name]: "  " })), absent)
    })
  )

  it.effect("U01 all of them are named at once", () =>
    Effect.gen(function* () {
      const nothing = yield* refuse({})
      assert.sameMembers(nothing.faults.map(nameOf), Object.keys(required))
      const first = each({ ...required, ...optional }).toReversed()
      const garbage = yield* refuse({ ...environment, ...Object.fromEntries(first) })
      assert.sameMembers(
        garbage.faults.map(nameOf),
        first.map(([name]) => name).filter((name, index, names) => names.indexOf(name) === index)
      )
      assert.notMatch(garbage.message, /canary|changeme|https:\/\//)
    })
  )

  it.effect("the tables of this test contain every variable", () =>
    Effect.sync(() => assert.sameMembers([...variables()], [...Object.keys(required), ...Object.keys(optional)]))
  )
})

/** Values that are valid alone, but not together. */
const contradictions: ReadonlyArray<readonly [names: string, changes: Variables]> = [
  ["COOKIE_SAME_SITE", { COOKIE_SAME_SITE: "none", COOKIE_SECURE: "false" }],
  // The app is at app.test.
  ["COOKIE_DOMAIN", { COOKIE_DOMAIN: "other.test" }],
  ["COOKIE_DOMAIN", { COOKIE_DOMAIN: "myapp.test", COOKIE_SAME_SITE: "Strict" }],
  ["COOKIE_DOMAIN", { COOKIE_DOMAIN: "app.test.other.test" }],
  ["COOKIE_DOMAIN", { COOKIE_DOMAIN: "app.test", FRONTEND_BASE_URL: "http://192.0.2.7" }],
  ["COOKIE_DOMAIN", { COOKIE_DOMAIN: "app.test", FRONTEND_BASE_URL: "http://localhost:4200" }],
  ["COOKIE_DOMAIN", { COOKIE_DOMAIN: "test" }],
  ["COOKIE_DOMAIN", { COOKIE_DOMAIN: "com", FRONTEND_BASE_URL: "https://app.guild.com" }],
  ["COOKIE_DOMAIN", { COOKIE_DOMAIN: ".CO.UK", FRONTEND_BASE_URL: "https://app.guild.co.uk" }],
  ["COOKIE_DOMAIN", { COOKIE_DOMAIN: "github.io", FRONTEND_BASE_URL: "https://guild.github.io" }],
  ["COOKIE_DOMAIN", { COOKIE_DOMAIN: "b.github.io", FRONTEND_BASE_URL: "https://a.github.io" }],
  ["COOKIE_DOMAIN", { COOKIE_DOMAIN: "com", COOKIE_SAME_SITE: "None", COOKIE_SECURE: "true" }],
  ["SESSION_COOKIE_NAME", { SESSION_COOKIE_NAME: "same", CSRF_COOKIE_NAME: "same" }],
  ["SESSION_COOKIE_NAME", { SESSION_COOKIE_NAME: "csrf" }],
  ["SESSION_COOKIE_NAME", { SESSION_COOKIE_NAME: "__Host-s", COOKIE_SECURE: "false" }],
  ["CSRF_COOKIE_NAME", { CSRF_COOKIE_NAME: "__Secure-c", COOKIE_SECURE: "false" }],
  ["SESSION_HMAC_SECRET", { SESSION_HMAC_SECRET: key.toString("hex") }],
  ["SESSION_HMAC_SECRET", { SESSION_HMAC_SECRET: key.toString("hex").toUpperCase() }],
  ["SESSION_HMAC_SECRET", { SESSION_HMAC_SECRET: key.toString("base64") }],
  ["SESSION_HMAC_SECRET", { SESSION_HMAC_SECRET: key.toString("base64url") }],
  ["SESSION_HMAC_SECRET_PREVIOUS", { SESSION_HMAC_SECRET_PREVIOUS: environment.SESSION_HMAC_SECRET }],
  ["SESSION_HMAC_SECRET_PREVIOUS", { SESSION_HMAC_SECRET_PREVIOUS: key.toString("base64") }],
  ["DISCORD_TOKEN_ENCRYPTION_KEY_PREVIOUS", { DISCORD_TOKEN_ENCRYPTION_KEY_PREVIOUS: key.toString("base64") }],
  ["DB_SSL_CA", { DB_SSL_CA: certificateFile }],
  ["DB_SSL_CA", { DB_SSL_CA: certificateFile, DB_SSL: "require" }],
  ["DB_SSL", { DB_HOST: "/run/postgresql", DB_SSL: "verify-full" }],
  ["REDIS_TLS_CA", { REDIS_TLS_CA: certificateFile }],
  [
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", OTEL_EXPORTER_OTLP_ENDPOINT: "http://o:4317" }
  ],
  [
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://o:4317" }
  ],
  ["METRICS_PORT", { METRICS_PORT: environment.APP_PORT }]
]

it.effect.each(contradictions)("U02 %s contradicts another: %j", ([name, changes]) =>
  Effect.gen(function* () {
    const { faults } = yield* refuse({ ...environment, ...changes })
    assert.deepStrictEqual(faults.map(nameOf), [name])
    const more = yield* refuse({ ...environment, ...changes, DB_PORT: "0" })
    assert.sameMembers(more.faults.map(nameOf), ["DB_PORT", name])
  })
)

describe(".env.example", () => {
  const text = readFileSync(new URL("../../.env.example", import.meta.url), "utf8")
  const example = parseEnv(text)

  it.effect("names every variable once, and explains it", () =>
    Effect.sync(() => {
      const names = text.match(/^[A-Z_]+(?==)/gm) ?? []
      assert.deepStrictEqual(names.toSorted(), variables().toSorted())
      assert.deepStrictEqual(text.match(/(?<=^# .+\n)[A-Z_]+(?==)/gm)?.toSorted(), names.toSorted())
    })
  )

  it.effect("shows how to write a value that contains #", () =>
    Effect.sync(() => {
      const [line = ""] = /(?<=^# )DB_PASSWORD='\S+'/m.exec(text) ?? []
      assert.deepStrictEqual(parseEnv(line), { DB_PASSWORD: "one#two" })
    })
  )

  it.effect("contains no secret, and is complete once they are generated", () =>
    Effect.gen(function* () {
      const empty = Object.keys(example).filter((name) => example[name] === "" && name in required)
      const { faults } = yield* refuse(example)
      assert.deepStrictEqual(faults.toSorted(), empty.map((name) => `${name} is missing`).toSorted())
      const made = { DISCORD_TOKEN_ENCRYPTION_KEY: key.toString("base64"), SESSION_HMAC_SECRET: key.toString("latin1") }
      const filled = Object.fromEntries(empty.map((name) => [name, "made-by-a-provider"]))
      assert.strictEqual((yield* readAll({ ...example, ...filled, ...made })).port, 8000)
    })
  )
})
