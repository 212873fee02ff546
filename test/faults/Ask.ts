import { Agent, request as send } from "node:http"
import { environment } from "../support/environment.ts"
import { tokensOf } from "../bench/Data.ts"

/* One request, timed, that never throws: a fault harness wants to count what went wrong, not to stop at it. */

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })

export interface Question {
  readonly path: string
  readonly method?: "GET" | "POST" | "PATCH"
  /** The number of a user of `test/bench/Data.ts`, who is signed in. */
  readonly user?: number
  readonly body?: object
  /** `If-Match`. */
  readonly match?: string
  /** On a connection of its own. */
  readonly fresh?: boolean
  readonly timeout?: number
}

export interface Answer {
  /** 0 when there was none. */
  readonly status: number
  readonly ms: number
  /** When it came, by `now()`. */
  readonly at: number
  readonly body: string
  readonly retryAfter: string | undefined
}

const headersOf = ({ user, body, match, method = "GET" }: Question): Record<string, string> => {
  const text = {
    ...(body !== undefined && { "content-type": "application/json" }),
    ...(match !== undefined && { "if-match": match })
  }
  if (user === undefined) return text
  const { session, csrf } = tokensOf(user)
  const own = { cookie: `session=${session}`, origin: environment.FRONTEND_BASE_URL }
  return { ...text, ...own, ...(method === "GET" ? {} : { "x-csrf-token": csrf }) }
}

/** Milliseconds since 1970, with fractions, and the same in every thread. */
export const now = () => performance.timeOrigin + performance.now()

export const ask = (port: number, question: Question) =>
  new Promise<Answer>((resolve) => {
    const { path, method = "GET", body, fresh = false, timeout = 15_000 } = question
    const since = now()
    const done = (status: number, body: string, retryAfter?: string) => {
      const at = now()
      resolve({ status, body, at, ms: at - since, retryAfter })
    }
    const request = send(
      {
        port,
        host: "127.0.0.1",
        method,
        path: `/api/v1${path}`,
        headers: headersOf(question),
        agent: fresh ? false : agent,
        timeout
      },
      (response) => {
        let text = ""
        response.setEncoding("utf8")
        response.on("data", (part: string) => (text += part))
        response.on("error", ({ message }) => done(0, message))
        response.on("end", () =>
          response.complete ? done(response.statusCode ?? 0, text, response.headers["retry-after"]) : done(0, "cut")
        )
      }
    )
    request.on("timeout", () => request.destroy(new Error("no answer in time")))
    request.on("error", ({ message }) => done(0, message))
    request.end(body === undefined ? undefined : JSON.stringify(body))
  })
