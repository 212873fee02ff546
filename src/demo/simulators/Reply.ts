/** A request as the simulators receive it: body fully read, path decoded. */
export interface Question {
  readonly method: string
  /** As sent, without the query. */
  readonly rawPath: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: string
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export const json = (status: number, body: unknown, headers: Reply["headers"] = {}): Reply => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body)
})

export const html = (status: number, body: string, headers: Reply["headers"] = {}): Reply => ({
  status,
  headers: { "content-type": "text/html; charset=utf-8", ...headers },
  body
})

export const empty = (status: number, headers: Reply["headers"] = {}): Reply => ({ status, headers, body: "" })

const header = (question: Question, name: string) => {
  const value = question.headers[name]
  return typeof value === "string" ? value : ""
}

const isType = (question: Question, type: string) => header(question, "content-type").split(";", 1)[0]?.trim() === type

/** The fields of a form-encoded body; undefined for any other body. */
export const formOf = (question: Question) =>
  isType(question, "application/x-www-form-urlencoded") ? new URLSearchParams(question.body) : undefined

/** The value of a JSON body; undefined for any other body. */
export const jsonOf = (question: Question): unknown => {
  if (!isType(question, "application/json")) return undefined
  try {
    return JSON.parse(question.body)
  } catch {
    return undefined
  }
}

/** The user and password of an `Authorization: Basic` header. */
export const basicOf = (question: Question): { readonly id: string; readonly secret: string } | undefined => {
  const encoded = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(header(question, "authorization"))?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, "base64").toString()
  const colon = text.indexOf(":")
  return colon < 0 ? undefined : { id: text.slice(0, colon), secret: text.slice(colon + 1) }
}

/** The token of an `Authorization: Bearer` header. */
export const bearerOf = (question: Question) => /^Bearer (\S+)$/i.exec(header(question, "authorization"))?.[1]

export const userAgentOf = (question: Question) => header(question, "user-agent")
