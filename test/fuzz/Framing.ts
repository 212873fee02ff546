import * as fc from "fast-check"

/** Bytes that no client sends; `HOST` and `COOKIE` are placeholders, filled in when they are sent. */
export interface Framing {
  readonly kind: "raw"
  readonly shape: string
  readonly bytes: string
  /** The largest number of answers allowed. */
  readonly answers: number
  /** Whether a success would be a fault. */
  readonly refused: boolean
}

const path = "/api/v1/health"
const host = "Host: HOST\r\n"
const close = "Connection: close\r\n"
const secret = "GET /api/v1/auth/session HTTP/1.1\r\nHost: HOST\r\n\r\n"
const post = `POST /api/v1/guilds HTTP/1.1\r\n${host}COOKIE`
const json = "Content-Type: application/json\r\n"

const shape = (name: string, bytes: string, answers = 1, refused = true): Framing => ({
  kind: "raw",
  shape: name,
  bytes,
  answers,
  refused
})

const fixed = [
  shape("two Content-Length", `${post}${json}Content-Length: 2\r\nContent-Length: 60\r\n\r\n{}${secret}`),
  shape("list Content-Length", `${post}${json}Content-Length: 2, 2\r\n\r\n{}${secret}`),
  shape("CL and TE", `${post}${json}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${secret}`),
  shape("TE and CL", `${post}${json}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${secret}`),
  shape(
    "TE twice",
    `${post}${json}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${secret}`
  ),
  shape("TE unknown", `${post}${json}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${secret}`),
  shape("TE with a space", `${post}${json}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${secret}`),
  shape("bad chunk size", `${post}${json}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`),
  shape("chunk too short", `${post}${json}Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n`),
  shape("huge chunk", `${post}${json}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}`),
  shape("chunk extension", `${post}${json}${close}Transfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\n\r\n`),
  shape(
    "chunk trailer",
    `${post}${json}${close}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n`
  ),
  shape("negative Content-Length", `${post}${json}Content-Length: -1\r\n\r\n`),
  shape("Content-Length +2", `${post}${json}Content-Length: +2\r\n\r\n{}`),
  shape("100 MB announced", `${post}${json}Content-Length: 104857600\r\n\r\n{`),
  shape(
    "wrong type, body unread",
    `${post}Content-Type: text/plain\r\nContent-Length: 40000\r\n\r\n${"x".repeat(40_000)}`
  ),
  shape("long body, unread", `${post}${json}Content-Length: 200000\r\n\r\n${"x".repeat(200_000)}`),
  shape("obs-fold", `GET ${path} HTTP/1.1\r\n${host}X-A: b\r\n c\r\n${close}\r\n`),
  shape("space before colon", `GET ${path} HTTP/1.1\r\nHost : HOST\r\n${close}\r\n`),
  shape("bare LF", `GET ${path} HTTP/1.1\nHost: HOST\nConnection: close\n\n`),
  shape("bare CR", `GET ${path} HTTP/1.1\r\n${host}X-A: b\rX-B: c\r\n${close}\r\n`),
  shape("NUL in header", `GET ${path} HTTP/1.1\r\n${host}X-A: b\u0000c\r\n${close}\r\n`),
  shape("absolute form", `GET http://evil.test${path} HTTP/1.1\r\n${host}${close}\r\n`),
  shape("asterisk", `OPTIONS * HTTP/1.1\r\n${host}${close}\r\n`),
  shape("CONNECT", `CONNECT evil.test:443 HTTP/1.1\r\n${host}\r\n`),
  shape("HTTP/0.9", `GET ${path}\r\n\r\n`),
  shape("HTTP/0.9 told", `GET ${path} HTTP/0.9\r\n\r\n`),
  shape("HTTP/2.0", `GET ${path} HTTP/2.0\r\n${host}${close}\r\n`),
  shape("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  shape("HTTP/1.2", `GET ${path} HTTP/1.2\r\n${host}${close}\r\n`),
  shape("TRACE", `TRACE ${path} HTTP/1.1\r\n${host}${close}\r\n`),
  shape("Upgrade", `GET ${path} HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`),
  shape(
    "h2c",
    `GET ${path} HTTP/1.1\r\n${host}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n\r\n`
  ),
  shape("17 KB header", `GET ${path} HTTP/1.1\r\n${host}X-A: ${"a".repeat(17 * 1024)}\r\n${close}\r\n`),
  shape("17 KB target", `GET ${path}?${"a".repeat(17 * 1024)} HTTP/1.1\r\n${host}${close}\r\n`),
  shape("no Host", `GET ${path} HTTP/1.1\r\n${close}\r\n`),
  shape("two Host", `GET ${path} HTTP/1.1\r\n${host}Host: evil.test\r\n${close}\r\n`),
  shape("Expect", `${post}${json}Expect: 200-maybe\r\nContent-Length: 2\r\n${close}\r\n{}`),
  shape("unknown method", `FROB ${path} HTTP/1.1\r\n${host}${close}\r\n`),
  shape("cut off", `${post}${json}Content-Length: 50\r\n\r\n{"name":`),
  shape("pipelined", `GET ${path} HTTP/1.1\r\n${host}\r\nGET ${path} HTTP/1.1\r\n${host}${close}\r\n`, 2, false),
  shape("pipelined refusals", `${post}Content-Length: 2\r\n\r\n{}${post}${json}${close}Content-Length: 1\r\n\r\n{`, 2),
  shape("many headers", `GET ${path} HTTP/1.1\r\n${host}${"X-A: b\r\n".repeat(1500)}${close}\r\n`, 1, false)
]

/** A well-formed request with one byte changed, or bytes of no protocol at all. */
const mutated = fc
  .tuple(
    fc.nat(1000),
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom(secret, `${post}${json}${close}Content-Length: 2\r\n\r\n{}`)
  )
  .map(([at, code, request]) => {
    const index = at % request.length
    return shape(
      "one byte changed",
      request.slice(0, index) + String.fromCharCode(code) + request.slice(index + 1),
      2,
      false
    )
  })

const noise = fc
  .string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 300
  })
  // Empty lines before a request are skipped, so alone they are not a request.
  .filter((bytes) => /[^\r\n]/.test(bytes))
  .map((bytes) => shape("noise", `${bytes}\r\n\r\n`, 1))

export const framing: fc.Arbitrary<Framing> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...fixed) },
  { weight: 2, arbitrary: mutated },
  { weight: 1, arbitrary: noise }
)
