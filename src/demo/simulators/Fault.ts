import type { ServerResponse } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import { Schema } from "effect"
import type { Reply } from "./Reply.ts"
import { html } from "./Reply.ts"

/** The body of `POST /__sim/faults`. */
export const FaultOrder = Schema.Struct({
  /**
   * `hang` never answers. `slow` answers after `ms`. `drip` sends a byte every `ms`. `status` answers `status`.
   * `garbage` is a 200 with invalid JSON. `truncated` announces the full length and sends half. `huge` is a 200 of
   * `bytes`. `redirect` is a 302 to `to`. `reset` resets the connection without an answer.
   */
  kind: Schema.Literals(["hang", "slow", "drip", "status", "garbage", "truncated", "huge", "redirect", "reset"]),
  /** Applies only to calls whose path contains this. */
  path: Schema.optionalKey(Schema.String),
  /** The number of calls it applies to; if absent, all until cleared. */
  times: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))),
  /** 1000 by default. */
  ms: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 600_000 }))),
  /** 500 by default. */
  status: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 400, maximum: 599 }))),
  /** Seconds, sent as `Retry-After`. */
  retryAfter: Schema.optionalKey(Schema.Int),
  /** With `status`: the edge's HTML instead of the provider's own body. */
  html: Schema.optionalKey(Schema.Boolean),
  /** A path of the simulator by default, so that the call log shows whether the client followed. */
  to: Schema.optionalKey(Schema.String),
  /** 10 MB by default. */
  bytes: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000_000 })))
})

/** A fault ordered in process: here `path` can also be a pattern. */
export type Fault = Omit<typeof FaultOrder.Type, "path"> & { readonly path?: string | RegExp }

const appliesTo = ({ path = "" }: Fault, called: string) =>
  typeof path === "string" ? called.includes(path) : path.test(called)

/** The ordered faults, first come, first served. */
export class Faults {
  private ordered: Array<{ readonly fault: Fault; left: number }> = []

  readonly order = (fault: Fault) => {
    this.ordered.push({ fault, left: fault.times ?? Infinity })
  }

  readonly clear = () => {
    this.ordered = []
  }

  take(path: string): Fault | undefined {
    const found = this.ordered.find(({ fault }) => appliesTo(fault, path))
    if (found === undefined) return undefined
    found.left -= 1
    if (found.left <= 0) this.ordered = this.ordered.filter((each) => each !== found)
    return found.fault
  }
}

const page = (status: number) =>
  `<html><head><title>${status}</title></head><body><h1>Error ${status}</h1></body></html>`

const withRetryAfter = (reply: Reply, retryAfter: number | undefined): Reply =>
  retryAfter === undefined ? reply : { ...reply, headers: { ...reply.headers, "retry-after": String(retryAfter) } }

/** The provider's own body for an error status; undefined if its edge answers instead. */
export type Wording = (status: number, retryAfter: number | undefined) => Reply | undefined

const refusal = ({ status = 500, retryAfter, html: edge }: Fault, wording: Wording) =>
  withRetryAfter((edge ? undefined : wording(status, retryAfter)) ?? html(status, page(status)), retryAfter)

interface Scene {
  readonly response: ServerResponse
  /** Aborted when the caller disconnects or the server stops. */
  readonly gone: AbortSignal
  readonly wording: Wording
  /** The provider's normal answer; called only if the fault lets the request reach it. */
  readonly answer: () => Promise<Reply>
  readonly send: (reply: Reply) => void
}

const head = (response: ServerResponse, { status, headers, body }: Reply) =>
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) })

const drip = async ({ response, gone, answer }: Scene, ms: number) => {
  const reply = await answer()
  head(response, reply).flushHeaders()
  for (const byte of Buffer.from(reply.body)) {
    response.write(Buffer.of(byte))
    await sleep(ms, undefined, { signal: gone })
  }
  response.end()
}

const truncate = async ({ response, answer }: Scene) => {
  const reply = await answer()
  const bytes = Buffer.from(reply.body)
  head(response, reply).write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => response.destroy())
}

const flood = async ({ response, gone }: Scene, bytes: number) => {
  const chunk = Buffer.alloc(65_536, "x")
  response.writeHead(200, { "content-type": "application/json" }).write(`{"padding":"`)
  for (let sent = 0; sent < bytes && !gone.aborted; sent += chunk.length) {
    if (!response.write(chunk)) {
      await new Promise<void>((resume) => {
        response.once("drain", resume)
        gone.addEventListener("abort", () => resume(), { once: true })
      })
    }
  }
  response.end(`"}`)
}

/** Plays a fault on one call. */
export const play = async (fault: Fault, scene: Scene): Promise<void> => {
  const { ms = 1000, bytes = 10_000_000, to = "/redirected" } = fault
  switch (fault.kind) {
    case "hang":
      return
    case "slow":
      await sleep(ms, undefined, { signal: scene.gone })
      return scene.send(await scene.answer())
    case "drip":
      return drip(scene, ms)
    case "status":
      return scene.send(refusal(fault, scene.wording))
    case "garbage":
      return scene.send({ status: 200, headers: { "content-type": "application/json" }, body: `{"access_token": <<<` })
    case "truncated":
      return truncate(scene)
    case "huge":
      return flood(scene, bytes)
    case "redirect":
      return scene.send({ status: 302, headers: { location: to }, body: "" })
    case "reset":
      scene.response.socket?.resetAndDestroy()
  }
}
