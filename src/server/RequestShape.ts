import type { HttpServerRequest } from "effect/http"
import type { IncomingMessage } from "node:http"

type Request = HttpServerRequest.HttpServerRequest

/** How often a header was sent. The parsed headers cannot tell: they keep the first value or join them. */
export const timesSent = (request: Request, header: string) => {
  const { rawHeaders } = request.source as IncomingMessage
  let times = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    if (name.length === header.length && name.toLowerCase() === header) times += 1
  }
  return times
}

/** Percent-encoded UTF-8 without NUL; PostgreSQL would refuse anything else, or it would be altered on the way. */
const decodes = (target: string) => {
  if (!target.includes("%")) return true
  try {
    return !decodeURIComponent(target).includes("\u0000")
  } catch {
    return false
  }
}

/** Whether a request is one that a well-behaved client could send. The HTTP parser accepts more. */
export const isWellFormed = (request: Request) => {
  const { httpVersion, url = "" } = request.source as IncomingMessage
  return (
    /^1\.[01]$/.test(httpVersion) &&
    /^\/[\x21-\x7e]*$/.test(url) &&
    decodes(url) &&
    timesSent(request, "host") === 1 &&
    request.headers.upgrade === undefined
  )
}
