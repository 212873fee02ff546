import { Agent, request } from "node:http"
import { connect } from "node:net"
import { entryIds } from "./Bodies.ts"
import type { Framing } from "./Framing.ts"
import type { HttpPlan } from "./Plans.ts"
import type { World } from "./World.ts"

/** One answer, however it came; header names are in lower case. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A request as it went out, for the judge and to repeat it. */
export interface Sent {
  readonly method: string
  readonly target: string
  readonly requestId: string | undefined
  /** Whether the session was valid, so that a 401 means that it has ended. */
  readonly signedIn: boolean
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 })
const patience = 10_000

const cookieOf = (plan: HttpPlan, { people }: World): ReadonlyArray<string> => {
  const { session, csrf } = people[plan.person % people.length]!
  const other = people[(plan.person + 1) % people.length]!.session
  const good = `session=${session}; csrf=${csrf}`
  switch (plan.cookies) {
    case "good":
      return [good]
    case "garbage":
      return ["session=\u00ff;;=;a"]
    case "doubled":
      return [`session=${session}; session=${other}`]
    case "twice the same":
      return [good, good]
    case "mixed":
      return [`theme=dark; ${good}; x="y; z"`]
    case "empty":
      return ["session="]
    case "another's":
      return [`session=${session.slice(0, -1)}x`]
    default:
      return []
  }
}

const csrfOf = (plan: HttpPlan, { people }: World): ReadonlyArray<string> => {
  const { csrf } = people[plan.person % people.length]!
  switch (plan.csrf) {
    case "good":
      return [csrf]
    case "garbage":
      return ["\u00e9"]
    case "doubled":
      return [csrf, csrf]
    case "another's":
      return [people[(plan.person + 1) % people.length]!.csrf]
    default:
      return []
  }
}

const keyOf = ({ key }: HttpPlan, { keys }: World) => (key === undefined ? [] : [`Bearer ${keys[key % keys.length]}`])

const targetOf = ({ segments, query }: HttpPlan, { known }: World) =>
  (segments
    .map((segment) => {
      if (typeof segment === "string") return segment
      const ids = known[segment.name] ?? []
      return ids[segment.pick % ids.length] ?? "unknown"
    })
    .join("/") || "/") + query

/** As long as it was: one id for another. */
const bodyOf = ({ body }: HttpPlan, { known }: World) => {
  if (body === undefined || !entryIds.some((id) => body.includes(id))) return body
  return entryIds.reduce(
    (bytes, id, at) => Buffer.from(bytes.toString("latin1").replaceAll(id, known["entry_id"]?.[at] ?? id), "latin1"),
    body
  )
}

/** The request of a plan, with the ids of this world. */
export const resolve = (plan: HttpPlan, world: World) => {
  const headers = [
    ...cookieOf(plan, world).map((value) => ["cookie", value] as const),
    ...csrfOf(plan, world).map((value) => ["x-csrf-token", value] as const),
    ...keyOf(plan, world).map((value) => ["authorization", value] as const),
    ...plan.headers,
    // Without a length node:http announces chunks, and thus a body, for methods that usually have one.
    ["content-length", String(plan.body?.length ?? 0)] as const
  ]
  const sent: Sent = {
    method: plan.method,
    target: targetOf(plan, world),
    requestId: plan.headers.find(([name]) => name === "x-request-id")?.[1].trim(),
    signedIn: plan.key === undefined && (plan.cookies === "good" || plan.cookies === "mixed")
  }
  return { headers, sent }
}

/** Sends a request, and again if the server had closed the kept-alive connection meanwhile. */
export const send = (url: string, plan: HttpPlan, world: World): Promise<{ sent: Sent; answer: Answer }> =>
  new Promise((done, fail) => {
    const { headers, sent } = resolve(plan, world)
    const { host, port, hostname } = new URL(url)
    const outgoing = request(
      {
        agent,
        port,
        hostname,
        method: sent.method,
        path: sent.target,
        headers: [["host", host] as const, ...headers].flat(),
        timeout: patience
      },
      (incoming) => {
        const chunks: Array<Buffer> = []
        const isStream = incoming.headers["content-type"] === "text/event-stream"
        incoming.on("data", (chunk: Buffer) => (isStream ? incoming.destroy() : chunks.push(chunk)))
        incoming.on("error", fail)
        incoming.on(isStream ? "close" : "end", () => {
          const pairs = Object.entries(incoming.headersDistinct).map(([name, values = []]) => [name, values.join(", ")])
          const body = Buffer.concat(chunks).toString()
          done({ sent, answer: { status: incoming.statusCode ?? 0, headers: Object.fromEntries(pairs), body } })
        })
      }
    )
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer in ${patience} ms`)))
    outgoing.on("error", (error: NodeJS.ErrnoException) =>
      outgoing.reusedSocket && error.code === "ECONNRESET" ? done(send(url, plan, world)) : fail(error)
    )
    outgoing.end(bodyOf(plan, world))
  })

/** All answers in the bytes of one connection; `rest` is what belongs to none of them. */
const parse = (bytes: Buffer) => {
  const answers: Array<Answer> = []
  let rest = bytes.toString("latin1")
  for (;;) {
    const [head = "", status] = /^HTTP\/1\.1 (\d{3})[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(rest) ?? []
    if (status === undefined) return { answers, rest }
    const lines = head.trimEnd().split("\r\n").slice(1)
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()])
    )
    const length = Number(headers["content-length"] ?? 0)
    const body = rest.slice(head.length, head.length + length)
    rest = rest.slice(head.length + length)
    answers.push({ status: Number(status), headers, body: Buffer.from(body, "latin1").toString() })
  }
}

/** Long enough for any answer of an idle service, and for a second one that should not come. */
const quiet = { before: 1500, after: 250 }

/** Sends bytes; the answer is what comes back until the server closes or goes quiet. */
export const sendRaw = (url: string, { bytes }: Framing, { people }: World) =>
  new Promise<ReturnType<typeof parse>>((done, fail) => {
    const { host, hostname, port } = new URL(url)
    const { session, csrf } = people[0]!
    const text = bytes
      .replaceAll("HOST", host)
      .replaceAll("COOKIE", `Cookie: session=${session}\r\nX-CSRF-Token: ${csrf}\r\n`)
    const chunks: Array<Buffer> = []
    const socket = connect(Number(port), hostname)
    socket.setTimeout(quiet.before, () => {
      if (chunks.length === 0 && socket.writableEnded) fail(new Error("neither answered nor closed"))
      if (chunks.length > 0 || socket.writableEnded) return socket.destroy()
      // The server can answer an unfinished request once it knows that nothing more will come.
      return socket.setTimeout(patience).end()
    })
    socket.on("data", (chunk) => {
      chunks.push(chunk)
      socket.setTimeout(quiet.after)
    })
    // Bytes that the server did not read cause a reset, after the answer itself.
    socket.on("error", () => {})
    socket.on("close", () => done(parse(Buffer.concat(chunks))))
    socket.write(Buffer.from(text, "latin1"))
  })
