import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readdirSync } from "node:fs"
import { parse } from "yaml"
import type {
  IDeployment,
  IHorizontalPodAutoscaler,
  IIngress,
  INetworkPolicy,
  IPodDisruptionBudget,
  IService,
  IServiceMonitor
} from "../tools/kubernetes.ts"
import { AppConfig, variables } from "../../src/infra/AppConfig.ts"
import { routeOf } from "../../src/server/RouteTable.ts"
import { context, last, stagesOf, textOf } from "../containers/Dockerfile.ts"
import { environment } from "../support/environment.ts"
import { configOf, foldersOf, kustomizationOf, resourcesOf, strays } from "./Manifests.ts"
import { compilerSays, literalOf, refusalOf } from "./Schemas.ts"

const overlay = "deploy/kubernetes/overlays/example"
const folders = foldersOf(overlay)
const resources = resourcesOf(overlay)
const config = configOf(overlay)

/** The only one of its kind. */
const only = <A>(kind: string) => {
  const found = resources.filter(({ manifest }) => manifest.kind === kind)
  assert.lengthOf(found, 1, kind)
  return found[0]!.manifest as unknown as A
}

const deployment = only<IDeployment>("Deployment")
const { template, selector, strategy } = deployment.spec!
const pod = template.spec!
const api = pod.containers[0]!
const portOf = (name: string) => api.ports!.find((port) => port.name === name)!.containerPort
const isSecret = (name: string) => /SECRET|PASSWORD|_KEY|HEADERS/.test(name)

describe("the kustomizations", () => {
  it("are all looked at here", () => {
    const all = readdirSync(new URL("deploy/kubernetes/", context), { recursive: true, encoding: "utf8" })
    const found = all.filter((path) => path.endsWith("kustomization.yaml"))
    assert.sameMembers(
      found.map((path) => `deploy/kubernetes/${path.replace("/kustomization.yaml", "")}`),
      [...folders]
    )
  })

  it.each(folders)("%s: every file that it names exists, and no other lies beside it", (folder) => {
    const { apiVersion, kind, resources, ...rest } = kustomizationOf(folder)
    assert.deepStrictEqual([apiVersion, kind], ["kustomize.config.k8s.io/v1beta1", "Kustomization"])
    assert.includeMembers(["namespace", "images", "configMapGenerator"], Object.keys(rest))
    assert.strictEqual(new Set(resources).size, resources.length)
    assert.deepStrictEqual(strays(folder), { missing: [], unnamed: [] })
  })

  it("the overlay replaces the image's name and adds to the values of the base", () => {
    const { images = [], configMapGenerator } = kustomizationOf(overlay)
    assert.strictEqual(images[0]?.name, api.image)
    assert.match(images[0]!.newTag, /^\d+\.\d+\.\d+$/)
    assert.strictEqual(configMapGenerator[0]?.behavior, "merge")
    const names = folders.flatMap((folder) => kustomizationOf(folder).configMapGenerator.map(({ name }) => name))
    assert.deepStrictEqual([...new Set(names)], ["raid-composition-backend"])
    assert.deepStrictEqual(api.envFrom, [{ configMapRef: { name: "raid-composition-backend" } }])
  })
})

describe("the manifests", () => {
  it.each(resources)("$file passes the schema of its kind", ({ manifest }) => {
    assert.isUndefined(refusalOf(manifest))
  })

  it("have no field that their kinds do not have", async () => {
    assert.strictEqual(await compilerSays(resources.map(({ manifest }) => literalOf(manifest))), "")
  }, 60_000)

  it("would not pass with a mistyped name or a value of another type", async () => {
    const { manifest } = resources.find(({ manifest }) => manifest.kind === "Deployment")!
    const typo = JSON.parse(JSON.stringify(manifest).replace("readinessProbe", "readinesProbe"))
    assert.match(await compilerSays([literalOf(typo)]), /readinesProbe/)
    const wrong = JSON.parse(JSON.stringify(manifest).replace('"periodSeconds":2', '"periodSeconds":"2s"'))
    assert.match(refusalOf(wrong)!, /periodSeconds/)
    assert.isDefined(refusalOf({ ...manifest, kind: "Deploymnet" }))
  }, 60_000)

  it("have the label by which each finds the pods", () => {
    for (const { file, manifest } of resources.filter(({ manifest }) => manifest.kind !== "Namespace"))
      assert.deepStrictEqual(manifest.metadata.labels, template.metadata!.labels, file)
    const selectors = [
      selector.matchLabels,
      only<IPodDisruptionBudget>("PodDisruptionBudget").spec!.selector!.matchLabels,
      only<INetworkPolicy>("NetworkPolicy").spec!.podSelector!.matchLabels,
      only<IService>("Service").spec!.selector,
      only<IServiceMonitor>("ServiceMonitor").spec.selector.matchLabels,
      ...pod.topologySpreadConstraints!.map(({ labelSelector }) => labelSelector!.matchLabels)
    ]
    for (const one of selectors) assert.deepStrictEqual(one, template.metadata!.labels)
  })
})

describe("the variables", () => {
  const secrets = api.env!

  it("are ours, and secrets come by reference alone", () => {
    assert.includeMembers([...variables()], [...Object.keys(config), ...secrets.map(({ name }) => name)])
    assert.deepStrictEqual(Object.keys(config).filter(isSecret), [])
    assert.sameMembers(
      secrets.map(({ name }) => name),
      variables().filter(isSecret)
    )
    for (const { name, value, valueFrom } of secrets) {
      assert.isUndefined(value)
      assert.deepInclude(valueFrom!.secretKeyRef, { name: "raid-composition-backend", key: name })
    }
  })

  it.effect("with the required secrets are a configuration that the service accepts", () =>
    Effect.gen(function* () {
      const required = secrets.filter(({ valueFrom }) => valueFrom!.secretKeyRef!.optional !== true)
      const given = required.map(({ name }) => [name, environment[name as keyof typeof environment]])
      const accepted = AppConfig.layerFrom({ ...config, ...Object.fromEntries(given) })
      const { port, metricsPort, log } = yield* Effect.provide(AppConfig, accepted)
      assert.deepStrictEqual([port, metricsPort], [portOf("http"), portOf("metrics")])
      assert.strictEqual(log.format, "json")
    })
  )

  it("have no quotes, which kustomize takes literally", () => {
    for (const folder of folders)
      for (const file of kustomizationOf(folder).configMapGenerator[0]!.envs)
        assert.notMatch(textOf(`${folder}/${file}`), /^[^#]*["']/m)
  })
})

describe("the pods", () => {
  it("run as the image's user, with nothing that they do not need", () => {
    const [uid, gid] = last(stagesOf(textOf("Dockerfile")).at(-1)!, "USER")!.text.split(":")
    assert.deepStrictEqual(pod.securityContext, {
      runAsNonRoot: true,
      runAsUser: Number(uid),
      runAsGroup: Number(gid),
      seccompProfile: { type: "RuntimeDefault" }
    })
    assert.deepStrictEqual(api.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] }
    })
    assert.isFalse(pod.automountServiceAccountToken)
    assert.isUndefined(api.command ?? api.args ?? pod.hostNetwork ?? pod.volumes)
  })

  it("are probed on routes that exist: readiness asks more than liveness", () => {
    const { startupProbe, livenessProbe, readinessProbe } = api
    for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
      assert.strictEqual(probe!.httpGet!.port, "http")
      assert.isTrue(routeOf(probe!.httpGet!.path!)!.allowances.has("GET"))
    }
    assert.strictEqual(startupProbe!.httpGet!.path, "/api/v1/health")
    assert.strictEqual(livenessProbe!.httpGet!.path, "/api/v1/health")
    assert.strictEqual(readinessProbe!.httpGet!.path, "/api/v1/health/ready")
    // A statement is given up after 1.8 s, and the answer tells it.
    assert.isAbove(readinessProbe!.timeoutSeconds!, 2)
    // A start waits 30 s for PostgreSQL and 60 s for the lock.
    assert.isAtLeast(startupProbe!.periodSeconds! * startupProbe!.failureThreshold!, 30 + 60 + 60)
  })

  it("serve on until every proxy knows that they go, and have time for that and the drain", () => {
    const compose = parse(textOf("docker-compose.yml")) as { services: { api: { stop_grace_period: string } } }
    const drain = Number.parseInt(compose.services.api.stop_grace_period, 10)
    assert.include(textOf("docs/operation.md"), `the delay and ${drain} seconds to stop`)
    const delay = Number(config.SHUTDOWN_DELAY_MS) / 1000
    assert.isAtLeast(delay, 5)
    assert.isAtLeast(pod.terminationGracePeriodSeconds!, delay + drain)
    // One way to wait: it would be added to the delay.
    assert.isUndefined(api.lifecycle)
  })

  it("have the memory that the operator's page asks for", () => {
    const [, least = "", most = ""] = /Give it (\d+) MB or more, and a limit of (\d+) MB/.exec(
      textOf("docs/operation.md")
    )!
    assert.match(String(api.resources!.limits!.memory), /^\d+Mi$/)
    assert.isAtLeast(Number.parseInt(String(api.resources!.requests!.memory), 10), Number(least))
    assert.isAtLeast(Number.parseInt(String(api.resources!.limits!.memory), 10), Number(most))
    assert.deepStrictEqual(Object.keys(api.resources!.limits!), ["memory"])
  })
})

describe("around the pods", () => {
  it("the autoscaler keeps two, and at most as many as PostgreSQL's connections allow", () => {
    const { scaleTargetRef, minReplicas, maxReplicas } = only<IHorizontalPodAutoscaler>("HorizontalPodAutoscaler").spec!
    const { apiVersion, kind } = deployment
    assert.deepStrictEqual(scaleTargetRef, { apiVersion, kind, name: deployment.metadata!.name! })
    assert.isUndefined(deployment.spec!.replicas)
    assert.isAtLeast(minReplicas!, 2)
    const surge = Number(strategy!.rollingUpdate!.maxSurge)
    // 4 connections for reads and 1 that listens beside the pool; PostgreSQL has 100 and keeps 3 for administrators.
    assert.isAtMost((maxReplicas + surge) * (Number(config.DB_POOL_SIZE) + 5), 97)
  })

  it("a rollout and a node's drain leave a replica that serves", () => {
    assert.deepStrictEqual(strategy, { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } })
    assert.strictEqual(only<IPodDisruptionBudget>("PodDisruptionBudget").spec!.maxUnavailable, 1)
  })

  it("ports are called by names that the container has", () => {
    const service = only<IService>("Service").spec!.ports!
    assert.deepStrictEqual(
      service.map(({ name, targetPort }) => [name, targetPort]),
      [
        ["http", "http"],
        ["metrics", "metrics"]
      ]
    )
    assert.strictEqual(service[1]!.port, portOf("metrics"))
    assert.deepInclude(only<IServiceMonitor>("ServiceMonitor").spec.endpoints[0], { port: "metrics", path: "/metrics" })
    const [rule] = only<IIngress>("Ingress").spec!.rules!
    const [path] = rule!.http!.paths
    assert.strictEqual(path!.path, "/api/v1")
    assert.deepStrictEqual(path!.backend.service, { name: "raid-composition-backend", port: { name: "http" } })
    assert.strictEqual(`https://${rule!.host}`, config.FRONTEND_BASE_URL)
  })

  it("the network policy lets in the two ports, each from one place, and out to what the service calls", () => {
    const { policyTypes, ingress, egress } = only<INetworkPolicy>("NetworkPolicy").spec!
    assert.sameMembers(policyTypes!, ["Ingress", "Egress"])
    assert.deepStrictEqual(
      ingress!.map(({ from, ports }) => [from!.length, ports!.map(({ port }) => port)]),
      [
        [1, ["http"]],
        [1, ["metrics"]]
      ]
    )
    const out = egress!.flatMap(({ ports }) => ports!.map(({ port }) => String(port)))
    assert.sameMembers([...new Set(out)], ["53", config.DB_PORT!, config.REDIS_PORT!, "4318", "443"])
    const internet = egress!.find(({ ports }) => ports!.some(({ port }) => port === 443))!.to!
    for (const { ipBlock } of internet) assert.isNotEmpty(ipBlock!.except)
    assert.include(internet[0]!.ipBlock!.except!, "169.254.0.0/16")
  })
})
