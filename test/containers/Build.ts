import { constants } from "node:fs"
import { chmod, chown, copyFile, cp, lstat, mkdir, mkdtemp, readdir } from "node:fs/promises"
import { join, posix } from "node:path"
import { fileURLToPath } from "node:url"
import {
  context,
  copyOf,
  ignoredBy,
  type Instruction,
  last,
  probeOf,
  stagesOf,
  textOf,
  variablesIn,
  wordsOf
} from "./Dockerfile.ts"
import { run } from "./Processes.ts"

/** What an image would contain and start, in a folder. */
export interface Image {
  readonly root: string
  readonly workdir: string
  readonly user: string
  readonly entrypoint: ReadonlyArray<string>
  readonly command: ReadonlyArray<string>
  readonly probe: ReadonlyArray<string>
  readonly variables: Readonly<Record<string, string>>
}

/** Where the base images have Node; npm is the one on PATH. */
const nodeOf = (image: string) => (image.includes("/distroless/nodejs") ? "/nodejs/bin/node" : "/usr/local/bin/node")

/** Only the variables that tell npm where to find things on this machine. */
const outside = Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^(HOME|TMPDIR)$|proxy|^npm_config_(registry|userconfig|globalconfig|cache|cafile)$|^(SSL_CERT|NODE_EXTRA_CA)/i.test(
      name
    )
  )
)

/** The machine's `/bin/sh` is used in place of the image's, and `root` in place of its root. */
export const pathIn = (root: string) => `${join(root, "/usr/local/bin")}:${process.env.PATH}`

interface Stage {
  readonly root: string
  readonly workdir: string
}

const copy = async (instruction: Instruction, { root, workdir }: Stage, stages: ReadonlyMap<string, Stage>) => {
  const { sources, target } = copyOf(instruction)
  const from = instruction.flags.from
  const start = from === undefined ? fileURLToPath(context) : stages.get(from)!.root
  const ignored = from === undefined ? ignoredBy(textOf(".dockerignore")) : () => false
  const into = join(root, posix.resolve(workdir, target))
  for (const source of sources) {
    const path = join(start, source)
    if (ignored(source)) throw new Error(`${source} is ignored`)
    const isFolder = (await lstat(path)).isDirectory()
    await cp(path, isFolder || !target.endsWith("/") ? into : join(into, posix.basename(source)), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => file === path || !ignored(file.slice(start.length))
    })
  }
}

const shell = async (text: string, { root, workdir }: Stage, variables: Record<string, string>) => {
  const cwd = join(root, workdir)
  const env = { ...outside, ...variables, PATH: pathIn(root) }
  const { code, said } = await run(["/bin/sh", "-ec", text], { cwd, env, seconds: 600 })
  if (code !== 0) throw new Error(`RUN ${text} ended with ${code}:\n${said}`)
}

/**
 * Follows a Dockerfile without an engine, each stage in an empty folder of its own under `home`. Base images are
 * assumed to contain what `nodeOf` says.
 */
export const build = async (
  file: string,
  home: string,
  args: Readonly<Record<string, string>> = {}
): Promise<Image> => {
  const stages = new Map<string, Stage>()
  const all = stagesOf(textOf(file))
  for (const { image, name = "", instructions } of all) {
    let stage: Stage = { root: await mkdtemp(join(home, "stage-")), workdir: "/" }
    const variables: Record<string, string> = {}
    const node = join(stage.root, nodeOf(image))
    await mkdir(join(node, ".."), { recursive: true })
    await copyFile(process.execPath, node, constants.COPYFILE_FICLONE)
    for (const instruction of instructions) {
      const { keyword, text } = instruction
      if (keyword === "WORKDIR") {
        stage = { ...stage, workdir: posix.resolve(stage.workdir, text) }
        await mkdir(join(stage.root, stage.workdir), { recursive: true })
      } else if (keyword === "COPY") await copy(instruction, stage, stages)
      else if (keyword === "RUN") await shell(text, stage, variables)
      else if (keyword === "ENV" || keyword === "ARG") {
        for (const [, name = "", value = ""] of text.matchAll(/(\w+)="?([^"\s]*)"?/g)) variables[name] = value
      } else if (!/^(FROM|LABEL|USER|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD)$/.test(keyword))
        throw new Error(`${keyword} is not supported`)
    }
    stages.set(name, stage)
  }
  const runtime = all.at(-1)!
  const words = (keyword: string) => wordsOf(last(runtime, keyword)?.text ?? "[]")!
  return {
    ...stages.get(runtime.name ?? "")!,
    user: last(runtime, "USER")!.text,
    entrypoint: words("ENTRYPOINT"),
    command: words("CMD"),
    probe: probeOf(runtime) ?? [],
    variables: variablesIn(runtime, args)
  }
}

/** A folder and everything in it. */
export const walk = async function* (path: string): AsyncGenerator<{ path: string; size: number; mode: number }> {
  const { size, mode } = await lstat(path)
  const isLink = (mode & constants.S_IFMT) === constants.S_IFLNK
  if (!isLink) yield { path, size, mode }
  if ((mode & constants.S_IFMT) === constants.S_IFDIR)
    for (const name of await readdir(path)) yield* walk(join(path, name))
}

/** Makes every file readable for all and writable only for root, or for no user at all when `frozen`. */
export const settle = async (root: string, frozen: boolean) => {
  for await (const { path, mode } of walk(root)) {
    if (process.getuid?.() === 0) await chown(path, 0, 0)
    const isFolder = (mode & constants.S_IFMT) === constants.S_IFDIR
    await chmod(path, (frozen ? 0o444 : 0o644) | (isFolder || mode & 0o100 ? 0o111 : 0))
  }
}

export const megabytes = async (folder: string) => {
  let bytes = 0
  for await (const { size } of walk(folder)) bytes += size
  return (bytes / 1e6).toFixed(1)
}
