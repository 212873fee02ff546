import { existsSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseEnv } from "node:util"
import { parse } from "yaml"
import { context, textOf } from "../containers/Dockerfile.ts"

type Env = Readonly<Record<string, string>>

interface Generator {
  readonly name: string
  readonly behavior?: "create" | "merge"
  readonly envs: ReadonlyArray<string>
}

/** What we use of a kustomization; `keys` shows that it has nothing else. */
export interface Kustomization {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string
  readonly resources: ReadonlyArray<string>
  readonly images?: ReadonlyArray<{ readonly name: string; readonly newName: string; readonly newTag: string }>
  readonly configMapGenerator: ReadonlyArray<Generator>
}

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Env; readonly namespace?: string }
}

export interface Resource {
  readonly file: string
  readonly manifest: Manifest
}

export const kustomizationOf = (folder: string) => parse(textOf(`${folder}/kustomization.yaml`)) as Kustomization

/** The folder and those that it builds on, the deepest first. */
export const foldersOf = (folder: string): ReadonlyArray<string> => {
  const below = kustomizationOf(folder).resources.map((resource) => join(folder, resource))
  const isFolder = (path: string) => statSync(new URL(path, context)).isDirectory()
  return [...below.filter(isFolder).flatMap(foldersOf), folder]
}

const filesNamed = (folder: string) => {
  const { resources, configMapGenerator } = kustomizationOf(folder)
  return [...resources, ...configMapGenerator.flatMap(({ envs }) => envs)]
}

/** What a folder's kustomization names that is not there, and what is there without being named. */
export const strays = (folder: string) => {
  const named = filesNamed(folder)
  const present = readdirSync(fileURLToPath(new URL(`${folder}/`, context)))
  return {
    missing: named.filter((name) => !existsSync(new URL(join(folder, name), context))),
    unnamed: present.filter((name) => name !== "kustomization.yaml" && !named.includes(name))
  }
}

/** All manifests of a folder and of those that it builds on, as their files have them. */
export const resourcesOf = (folder: string): ReadonlyArray<Resource> =>
  foldersOf(folder).flatMap((one) =>
    kustomizationOf(one)
      .resources.filter((name) => name.endsWith(".yaml"))
      .map((name) => ({ file: join(one, name), manifest: parse(textOf(join(one, name))) as Manifest }))
  )

/** The values of the map, the upper folder's over those of the lower. */
export const configOf = (folder: string): Env =>
  Object.assign(
    {},
    ...foldersOf(folder).flatMap((one) =>
      kustomizationOf(one).configMapGenerator.flatMap(({ envs }) =>
        envs.map((file) => parseEnv(textOf(join(one, file))))
      )
    )
  )
