import { request } from "node:http"
import { setTimeout } from "node:timers/promises"
import { tokensOf } from "../bench/Data.ts"
import { now } from "./Ask.ts"
import type { Replica } from "./Replica.ts"

/** Somebody who looks at a plan as a browser's EventSource does: it comes again with the last id, at whoever answers. */
export class Viewer {
  /** The newest revision that it was told. */
  revision = 0
  /** Revisions that went by while it was connected, and that it was not told. */
  missed = 0
  /** Milliseconds from each end of a stream to the beginning of the next. */
  readonly returns: Array<number> = []
  private cutAt: number | undefined
  private readonly ended = new AbortController()
  private readonly path: string
  private readonly user: number
  private turn: number
  private readonly replicas: ReadonlyArray<Replica>

  constructor(path: string, user: number, turn: number, replicas: ReadonlyArray<Replica>) {
    this.path = path
    this.user = user
    this.turn = turn
    this.replicas = replicas
    void this.look()
  }

  readonly close = () => this.ended.abort()

  get isConnected() {
    return this.revision > 0 && this.cutAt === undefined
  }

  private async look() {
    while (!this.ended.signal.aborted) {
      const retry = await this.stream(this.replicas[this.turn++ % this.replicas.length]!.port)
      this.cutAt ??= now()
      if (!this.ended.signal.aborted) await setTimeout(retry)
    }
  }

  /** Reads one stream to its end, and answers after how many milliseconds to come again. */
  private stream(port: number) {
    return new Promise<number>((resolve) => {
      let retry = 20
      let isFirst = true
      const read = (block: string) => {
        const [, wait] = /^retry: (\d+)$/.exec(block) ?? []
        if (wait !== undefined) {
          retry = Number(wait)
          if (this.cutAt !== undefined) this.returns.push(now() - this.cutAt)
          this.cutAt = undefined
        }
        const [, data] = /\nevent: revision\ndata: (.*)$/.exec(block) ?? []
        if (data === undefined) return
        const { revision } = JSON.parse(data) as { readonly revision: number }
        if (!isFirst) this.missed += Math.max(0, revision - this.revision - 1)
        isFirst = false
        this.revision = Math.max(this.revision, revision)
      }
      const headers = {
        cookie: `session=${tokensOf(this.user).session}`,
        ...(this.revision > 0 && { "last-event-id": String(this.revision) })
      }
      const asked = request(
        { port, host: "127.0.0.1", path: `/api/v1${this.path}`, headers, agent: false, signal: this.ended.signal },
        (response) => {
          let text = ""
          response.setEncoding("utf8")
          response.on("data", (part: string) => {
            const blocks = (text + part).split("\n\n")
            text = blocks.pop() ?? ""
            if (response.statusCode === 200) blocks.forEach(read)
          })
          for (const end of ["error", "end", "close"]) response.on(end, () => resolve(retry))
        }
      )
      asked.on("error", () => resolve(retry))
      asked.end()
    })
  }
}
