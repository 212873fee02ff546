import { assert, describe, it, layer } from "@effect/vitest"
import type { GrafanaPanel } from "../tools/monitoring.ts"
import { Effect } from "effect"
import { parse } from "yaml"
import type { IDeployment } from "../tools/kubernetes.ts"
import { freePort, step } from "../../src/demo/servers/Watchdog.ts"
import { textOf } from "../containers/Dockerfile.ts"
import { openBrowser } from "../support/Browser.ts"
import { composerOf } from "../composer/composing.ts"
import { details } from "../support/people.ts"
import { capturedLog } from "../support/capturedLog.ts"
import { characterOf } from "../support/seeded.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"
import { resourcesOf } from "./Manifests.ts"
import { queryOf } from "./Promql.ts"
import { compilerSays, literalOf, refusalOf } from "./Schemas.ts"

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: { readonly summary: string; readonly runbook: string }
}

interface Panel extends Required<Pick<GrafanaPanel, "id" | "title" | "gridPos">> {
  readonly targets: ReadonlyArray<{ readonly expr: string; readonly legendFormat?: string }>
}

const rulesText = textOf("deploy/monitoring/alerts.yaml")
const { groups } = parse(rulesText) as { groups: ReadonlyArray<{ rules: ReadonlyArray<Rule> }> }
const rules = groups.flatMap(({ rules }) => rules)
const dashboard = JSON.parse(textOf("deploy/monitoring/dashboard.json")) as { panels: ReadonlyArray<Panel> }

/** Every expression, with the text that shows labels of its result. */
const expressions = [
  ...rules.map(({ alert, expr, annotations }) => ({ at: alert, expr, shown: annotations.summary })),
  ...dashboard.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat = "" }) => ({ at: title, expr, shown: legendFormat }))
  )
].map((one) => ({ ...one, query: queryOf(one.expr) }))

/** What Prometheus itself adds to a series, and the one that it makes for each target. */
const ofTarget = { job: ["raid-composition-backend"], instance: ["10.0.0.1:9464"] }

type Labels = Readonly<Record<string, ReadonlyArray<string>>>
type Served = ReadonlyMap<string, Labels>

/** Whether a value is the one that a matcher names, no matter whether it wants it or not. */
const matches = (operator: string, wanted: string) => (value: string) =>
  operator.endsWith("~") ? new RegExp(`^(?:${wanted})$`).test(value) : value === wanted

/** The metrics of a scrape, each with the values of its labels. */
const read = (text: string): Served => {
  const served = new Map<string, Record<string, Array<string>>>([["up", {}]])
  for (const [, name = "", labels = ""] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const known = served.get(name) ?? {}
    for (const [, label = "", value = ""] of labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
      known[label] = [...(known[label] ?? []), value]
    served.set(name, known)
  }
  return served
}

/** What /metrics serves after a day in short: a sign-in, a refresh, a composition, probes, and servers that were away for a while. */
const aDay = Effect.gen(function* () {
  yield* capturedLog
  const app = yield* TestApp
  const port = yield* step(freePort)
  const url = yield* startReplica({ ...app.variables, METRICS_PORT: String(port) })
  const browser = yield* openBrowser(url)
  yield* browser.signIn()
  const { id } = yield* characterOf(browser, { wcl: "ranked" })
  const refresh = `/api/v1/characters/${id}/warcraftlogs/refresh`
  assert.strictEqual((yield* browser.send("POST", refresh)).status, 200)
  const { guild } = (yield* browser.send("POST", "/api/v1/guilds", { json: details })).body
  const raids = [{ title: "Raid", size: 10 }]
  const json = { title: "Plan", raids }
  const { plan } = (yield* browser.send("POST", `/api/v1/guilds/${guild.id}/plans`, { json })).body
  const { compose, ended } = composerOf(`/api/v1/plans/${plan.id}`, browser.send)
  yield* ended((yield* compose({ seconds: 5 })).id)
  assert.strictEqual((yield* browser.send("GET", "/api/v1/health/ready")).status, 200)
  app.postgres.shut()
  assert.strictEqual((yield* browser.send("GET", "/api/v1/auth/session")).status, 503)
  const response = yield* Effect.promise(() =>
    fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text())
  )
  app.postgres.open()
  return read(response)
})

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("the dashboard and the alert rules", (it) => {
  it.effect("ask for metrics, labels and values that /metrics serves", () =>
    Effect.gen(function* () {
      const served = yield* aDay
      for (const { at, expr, query, shown } of expressions) {
        const labels: Record<string, ReadonlyArray<string>> = { ...ofTarget }
        assert.isNotEmpty(query.selectors, at)
        for (const { metric, matchers } of query.selectors) {
          assert.isTrue(served.has(metric), `${at}: ${metric}`)
          const known: Labels = { ...served.get(metric), ...ofTarget }
          Object.assign(labels, known)
          assert.strictEqual(matchers.filter(({ label }) => label === "job").length, 1, `${at}: which job?`)
          for (const { label, operator, value } of matchers.filter(({ label }) => label !== "job"))
            for (const part of operator.endsWith("~") ? value.split("|") : [value])
              assert.isTrue(known[label]?.some(matches(operator, part)), `${at}: ${metric} ${label} ${part}`)
        }
        assert.includeMembers(Object.keys(labels), [...query.grouping], `${at}: ${expr}`)
        const names = Array.from(shown.matchAll(/\{\{ ?(?:\$labels\.)?([a-z_]+)\b/g), ([, name]) => name!)
        assert.includeMembers(query.aggregates ? [...query.grouping] : Object.keys(labels), names, `${at}: ${shown}`)
      }
    })
  )
})

describe("alerts.yaml", () => {
  it("is what the Prometheus operator takes as the spec of a PrometheusRule, made as the operator's page says", async () => {
    const head =
      "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: raid-composition-backend\nspec:\n"
    const manifest = parse(head + rulesText.replaceAll(/^/gm, "  "))
    assert.deepStrictEqual(manifest.spec.groups, groups)
    assert.isUndefined(refusalOf(manifest))
    assert.strictEqual(await compilerSays([literalOf(manifest)]), "")
    const command = /printf '(.*spec:\\n)'; sed 's\/\^\/ {2}\/' deploy\/monitoring\/alerts\.yaml;/.exec(
      textOf("docs/operation.md")
    )
    assert.strictEqual(command![1]!.replaceAll("\\n", "\n"), head)
  }, 60_000)

  it("each alert waits, has a severity, and the operator's page says what to do", () => {
    const names = rules.map(({ alert }) => alert)
    const page = textOf("docs/operation.md")
    for (const { alert, expr, labels, annotations, ...rule } of rules) {
      assert.match(alert, /^Raid[A-Z]\w+$/)
      assert.oneOf(labels.severity, ["critical", "warning"])
      assert.isTrue(rule.for !== undefined || /\[\d+m\]/.test(expr), alert)
      assert.strictEqual(annotations.runbook, `docs/operation.md, Alerts, ${alert}`)
    }
    const described = Array.from(page.matchAll(/^\| `(Raid\w+)` \|.{20,}\|.{20,}\|$/gm), ([, name]) => name)
    assert.deepStrictEqual(described, names)
  })

  it("tells of the memory before the container's limit ends the process", () => {
    const deployment = resourcesOf("deploy/kubernetes/base").find(({ manifest }) => manifest.kind === "Deployment")!
    const { resources } = (deployment.manifest as unknown as IDeployment).spec!.template.spec!.containers[0]!
    const limit = Number.parseInt(String(resources!.limits!.memory), 10) * 1024 ** 2
    const [, threshold] = /> (\S+)$/.exec(rules.find(({ alert }) => alert === "RaidMemory")!.expr)!
    assert.isBelow(Number(threshold), limit * 0.9)
  })
})

describe("dashboard.json", () => {
  it("has only fields that Grafana's dashboards have", async () => {
    const literal = { module: "@grafana/schema", type: "Dashboard", value: dashboard }
    assert.strictEqual(await compilerSays([literal]), "")
    assert.match(await compilerSays([{ ...literal, value: { ...dashboard, refersh: "30s" } }]), /refersh/)
  }, 60_000)

  it("has panels with ids of their own that do not cover each other", () => {
    const { panels } = dashboard
    assert.strictEqual(new Set(panels.map(({ id }) => id)).size, panels.length)
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      assert.isAtMost(x + w, 24)
      return Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`)
    })
    assert.strictEqual(new Set(cells).size, cells.length)
  })
})

it("an expression that is no PromQL is found", () => {
  assert.throws(() => queryOf("sum(rate(up[5m])"), /No PromQL/)
})
