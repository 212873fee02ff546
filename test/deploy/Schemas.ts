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

/** A literal, and the published type that it must have; string enumerations count as their values, as in JSON. */
interface Literal {
  readonly module: string
  readonly type: string
  readonly value: unknown
}

export const literalOf = (manifest: Manifest): Literal => {
  const { apiVersion, kind } = manifest
  const isOperators = apiVersion.startsWith("monitoring.coreos.com")
  const models = isOperators ? "@kubernetes-models/prometheus-operator" : "kubernetes-models"
  return { module: `${models}/${apiVersion}/${kind}`, type: `I${kind}`, value: manifest }
}

const program = ({ module, type, value }: Literal) => `import type { ${type} as Kind } from "${module}"
type Plain<T> = T extends string ? (string extends T ? T : \`\${T}\`) : T extends object ? { [K in keyof T]: Plain<T[K]> } : T
export const literal: Plain<Kind> = ${JSON.stringify(value, null, 1)}
`

const root = fileURLToPath(context)

/**
 * What the compiler says of these literals. The schemas allow unknown fields, as the cluster's server does; the compiler
 * does not, so that a mistyped name is found.
 */
export const compilerSays = async (literals: ReadonlyArray<Literal>) => {
  // Below the repository, where the types are found.
  await mkdir(join(root, "local"), { recursive: true })
  const folder = await mkdtemp(join(root, "local/literals-"))
  try {
    const files = literals.map((_, index) => join(folder, `${index}.ts`))
    await Promise.all(literals.map((literal, index) => writeFile(files[index]!, program(literal))))
    const options = ["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2024"]
    const tsc = join(root, "node_modules/typescript/bin/tsc")
    const words = [process.execPath, tsc, ...options, "--module", "nodenext", "--types", "", ...files]
    const { said } = await run(words, { cwd: root, env: process.env, seconds: 60 })
    return said.trim()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
