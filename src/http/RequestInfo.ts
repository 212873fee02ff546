import { Context } from "effect"

/** Facts about the current request that its response, log line and audit rows share. */
export interface RequestInfo {
  /** Sent back as `X-Request-Id`. */
  readonly id: string
  /** The client's address, never that of a trusted proxy; null when the connection has none. */
  readonly ip: string | null
  /** At most 512 characters, without control characters. */
  readonly userAgent: string | null
  /** Milliseconds since the epoch. */
  readonly startedAt: number
}

export const RequestInfo = Context.Reference<RequestInfo>("http/RequestInfo", {
  defaultValue: () => ({ id: "unknown", ip: null, userAgent: null, startedAt: Date.now() })
})
