import { assert, describe, it } from "@effect/vitest"
import { DCLinter } from "../tools/linters.ts"
import { fileURLToPath } from "node:url"
import { parseEnv } from "node:util"
import { parse } from "yaml"
import { variables } from "../../src/infra/AppConfig.ts"
import { context, ignoredBy, probeOf, stagesOf, textOf } from "./Dockerfile.ts"

type Variables = Record<string, string | undefined>

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly image?: string
  readonly command?: ReadonlyArray<string>
  readonly depends_on?: Record<string, { readonly condition: string }>
  readonly environment: Record<string, string>
  readonly env_file?: ReadonlyArray<{ readonly path: string; readonly required?: boolean }>
  readonly healthcheck: { readonly test: ReadonlyArray<string> }
  readonly ports: ReadonlyArray<string>
  readonly volumes: ReadonlyArray<string>
}

interface Compose {
  readonly services: { readonly api: Service; readonly postgres: Service; readonly redis: Service }
  readonly volumes: Record<string, null>
  readonly configs: { readonly redis: { readonly content: string } }
}

const text = textOf("docker-compose.yml")
const example: Variables = parseEnv(textOf(".env.example"))

/** The file as Compose reads it with this shell and .env: variables are substituted after the YAML is parsed. */
const read = (given: Variables = {}) =>
  parse(text, (_, value: unknown) =>
    typeof value === "string"
      ? value.replaceAll(/\$\{(\w+):-([^}]*)\}/g, (_, name: string, fallback: string) => given[name] || fallback)
      : value
  ) as Compose

/** The service's environment with this .env. */
const environmentOf = (dotEnv: Variables = {}): Variables => {
  const { environment, env_file = [] } = read(dotEnv).services.api
  const files = env_file.map(({ path }) => (path === ".env" ? dotEnv : parseEnv(textOf(path))))
  return Object.assign({}, ...files, environment)
}

/** Values that must differ between a container and a native run. */
const overridden = {
  DB_HOST: "postgres",
  DB_PORT: "5432",
  REDIS_HOST: "redis",
  REDIS_PORT: "6379",
  GEOIP_DATABASE_PATH: "local/GeoLite2-City.mmdb"
}

describe("docker-compose.yml", () => {
  const { services, volumes } = read()
  const all = Object.values(services)

  it("passes the linter", () => {
    const linter = new DCLinter({
      // The formatter writes double quotes.
      rules: { "require-quotes-in-ports": [2, { quoteType: "double" }] },
      quiet: false,
      debug: false,
      exclude: []
    })
    const results = linter.lintFiles([fileURLToPath(new URL("docker-compose.yml", context))], false)
    assert.strictEqual(results.length, 1)
    assert.deepStrictEqual(results[0]!.messages, [])
  })

  it("passes every variable to the service, and no other", () => {
    assert.sameMembers(Object.keys(environmentOf()), [...variables()])
  })

  it("has the defaults of .env.example, except what a container must override", () => {
    assert.deepStrictEqual(environmentOf(), { ...example, ...overridden })
  })

  it("reads only variables with a default, which is the example's", () => {
    const written = Array.from(text.matchAll(/\$\{?(\w+)(?::-([^}]*)\})?/g))
    assert.isNotEmpty(written)
    for (const [whole, name = "", fallback] of written) assert.strictEqual(fallback, example[name], whole)
  })

  it("lets .env override values, in the service and its servers alike", () => {
    const dotEnv = { APP_PORT: "9001", DB_USER: "u", DB_PASSWORD: "p", DB_NAME: "d", DB_PORT: "9002", WCL_ZONE_ID: "7" }
    const changed = { ...dotEnv, REDIS_PASSWORD: "r", REDIS_PORT: "9003", DISCORD_CLIENT_SECRET: "s" }
    assert.deepStrictEqual(environmentOf(changed), { ...example, ...changed, ...overridden })
    const { services, configs } = read(changed)
    assert.deepStrictEqual(services.postgres.environment, {
      POSTGRES_USER: "u",
      POSTGRES_PASSWORD: "p",
      POSTGRES_DB: "d"
    })
    assert.include(configs.redis.content, 'requirepass "r"')
    assert.deepStrictEqual(
      Object.values(services).flatMap(({ ports }) => ports),
      ["127.0.0.1:9001:9001", "127.0.0.1:9002:5432", "127.0.0.1:9003:6379"]
    )
  })

  it("needs no .env, and contains no secret", () => {
    assert.deepStrictEqual(services.api.env_file, [{ path: ".env.example" }, { path: ".env", required: false }])
    for (const name of variables().filter((name) => /SECRET|_KEY|CLIENT_ID/.test(name)))
      assert.strictEqual(environmentOf()[name], "", name)
  })

  it("publishes on loopback only", () => {
    for (const { ports } of all) for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/)
  })

  it("waits for healthy servers, and probes each without a shell", () => {
    assert.deepStrictEqual(services.api.depends_on, {
      postgres: { condition: "service_healthy" },
      redis: { condition: "service_healthy" }
    })
    for (const { healthcheck } of all) assert.strictEqual(healthcheck.test[0], "CMD")
    const probe = probeOf(stagesOf(textOf("Dockerfile")).at(-1)!)
    assert.strictEqual(services.api.healthcheck.test.at(-1), probe?.at(-1))
  })

  it("shows no password among the arguments of a process", () => {
    for (const { command = [], healthcheck } of Object.values(
      read({ REDIS_PASSWORD: "canary", DB_PASSWORD: "canary" }).services
    ))
      assert.notInclude([...command, ...healthcheck.test].join(" "), "canary")
  })

  it("keeps data in named volumes, and mounts only what the image also contains", () => {
    const ignored = ignoredBy(textOf(".dockerignore"))
    const mounts = all.flatMap(({ volumes }) => volumes).map((volume) => volume.split(":")[0]!)
    assert.sameMembers(
      mounts.filter((mount) => !mount.startsWith("./")),
      Object.keys(volumes)
    )
    for (const mount of mounts.filter((mount) => mount.startsWith("./"))) assert.isFalse(ignored(mount), mount)
    // From 18 on the image keeps its data in a folder per version, and the volume must be mounted above it.
    assert.deepStrictEqual(services.postgres.volumes, ["postgres:/var/lib/postgresql"])
    assert.match(services.postgres.image!, /^postgres:18\./)
  })
})
