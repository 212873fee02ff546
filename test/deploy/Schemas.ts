import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import {
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
} from "../tools/kubernetes.ts"
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
  await mkdir(join(root, "test/tools/local"), { recursive: true })
  const folder = await mkdtemp(join(root, "test/tools/local/literals-"))
  try {
    const files = literals.map((_, index) => join(folder, `${index}.ts`))
    await Promise.all(literals.map((literal, index) => writeFile(files[index]!, program(literal))))
    const options = ["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2024"]
    const tsc = join(root, "test/tools/node_modules/typescript/bin/tsc")
    const words = [process.execPath, tsc, ...options, "--module", "nodenext", "--types", "", ...files]
    const { said } = await run(words, { cwd: root, env: process.env, seconds: 60 })
    return said.trim()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
