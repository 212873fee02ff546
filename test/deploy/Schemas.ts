import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule"
import { ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor"
import { Deployment } from "kubernetes-models/apps/v1/Deployment"
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler"
import { Ingress } from "kubernetes-models/networking.k8s.io/v1/Ingress"
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy"
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget"
import { Namespace } from "kubernetes-models/v1/Namespace"
import { Service } from "kubernetes-models/v1/Service"
import { ServiceAccount } from "kubernetes-models/v1/ServiceAccount"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { context } from "../containers/Dockerfile.ts"
import { run } from "../containers/Processes.ts"
import type { Manifest } from "./Manifests.ts"

interface Model {
  readonly apiVersion: string
  readonly kind: string
  /** The class that validates by the published schema. */
  new (data: never): { readonly validate: () => void }
}

const models = new Map(
  [
    Deployment,
    HorizontalPodAutoscaler,
    Ingress,
    Namespace,
    NetworkPolicy,
    PodDisruptionBudget,
    PrometheusRule,
    Service,
    ServiceAccount,
    ServiceMonitor
  ].map((model) => {
    const { apiVersion, kind } = model as unknown as Model
    return [`${apiVersion} ${kind}`, model as unknown as Model]
  })
)

/** Why the published schema refuses a manifest; undefined if it does not. */
export const refusalOf = (manifest: Manifest): string | undefined => {
  const Model = models.get(`${manifest.apiVersion} ${manifest.kind}`)
  if (Model === undefined) return `there is no schema of ${manifest.apiVersion} ${manifest.kind}`
  try {
    new Model(manifest as never).validate()
    return undefined
  } catch (error) {
    return String(error)
  }
}

const moduleOf = ({ apiVersion, kind }: Manifest) =>
  `${apiVersion.startsWith("monitoring.coreos.com") ? "@kubernetes-models/prometheus-operator" : "kubernetes-models"}/${apiVersion}/${kind}`

const program = (manifest: Manifest) =>
  `import type { I${manifest.kind} as Kind } from "${moduleOf(manifest)}"
export const manifest: Kind = ${JSON.stringify(manifest, null, 1)}
`

const root = fileURLToPath(context)

/**
 * What the compiler says of manifests as literals of the published types. The schemas allow unknown fields, as the cluster's
 * server does; the compiler does not, so that a mistyped name is found.
 */
export const compilerSays = async (manifests: ReadonlyArray<Manifest>) => {
  // Below the repository, where the types are found.
  await mkdir(join(root, "local"), { recursive: true })
  const folder = await mkdtemp(join(root, "local/manifests-"))
  try {
    const files = manifests.map((_, index) => join(folder, `${index}.ts`))
    await Promise.all(manifests.map((manifest, index) => writeFile(files[index]!, program(manifest))))
    const options = ["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2024"]
    const tsc = join(root, "node_modules/typescript/bin/tsc")
    const words = [process.execPath, tsc, ...options, "--module", "nodenext", "--types", "", ...files]
    const { said } = await run(words, { cwd: root, env: process.env, seconds: 60 })
    return said.trim()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
