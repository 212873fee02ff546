/** An event of a stream. */
interface ServerEvent {
  /** The last id that the stream sent: where it would go on. */
  readonly id: string
  readonly event: string
  readonly data: string
}

interface Open {
  readonly events: AsyncIterable<ServerEvent>
  /** Milliseconds to wait before connecting again, if the stream said so. */
  readonly retry: () => number | undefined
}

async function* linesOf(body: ReadableStream<Uint8Array>) {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ""
  try {
    for (;;) {
      const { done, value } = await reader.read()
      rest += decoder.decode(value, { stream: !done })
      // A CR at the end may be half of a CR LF.
      const lines = rest.split(done ? /\r\n|\n|\r/ : /\r\n|\n|\r(?!$)/)
      rest = lines.pop() ?? ""
      yield* lines
      if (done) return
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** Reads a response as the events it streams (https://html.spec.whatwg.org/#server-sent-events). */
export const readEvents = (body: ReadableStream<Uint8Array>, lastId: string): Open => {
  let retry: number | undefined
  async function* events() {
    let id = lastId
    let event = ""
    let data: Array<string> = []
    for await (const line of linesOf(body)) {
      if (line === "") {
        if (data.length > 0) yield { id, event: event || "message", data: data.join("\n") }
        event = ""
        data = []
        continue
      }
      const at = line.indexOf(":")
      const field = at === -1 ? line : line.slice(0, at)
      const value = at === -1 ? "" : line.slice(at + 1).replace(/^ /, "")
      if (field === "data") data.push(value)
      else if (field === "event") event = value
      else if (field === "id" && !value.includes("\0")) id = value
      else if (field === "retry" && /^\d+$/.test(value)) retry = Number(value)
    }
  }
  return { events: events(), retry: () => retry }
}
