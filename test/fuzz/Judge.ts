import { Ajv2020 } from "ajv/dist/2020.js"
import { closed, inDocument, type OpenApiDocument, operationsOf } from "./Document.ts"
import type { Framing } from "./Framing.ts"
import type { Answer, Sent } from "./Send.ts"

/** The answers allowed to a request that reached no route. */
const routeless = new Set([400, 404, 405, 413, 415])

const envelope = {
  type: "object",
  required: ["error"],
  additionalProperties: false,
  properties: {
    error: {
      type: "object",
      required: ["code", "message", "request_id", "details"],
      additionalProperties: false,
      properties: {
        code: { type: "string", pattern: "^[a-z_]+\\.[a-z_]+$" },
        message: { type: "string", minLength: 1 },
        request_id: { type: "string", minLength: 1 },
        details: { type: "object" }
      }
    }
  }
}

const jsonOf = ({ headers, body }: Answer): unknown => {
  if (!(headers["content-type"] ?? "").startsWith("application/json")) return undefined
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** Checks answers against the document and the rules for all answers; a fault is one sentence. */
export const judge = (document: OpenApiDocument) => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false })
  ajv.addSchema(closed(document), "api")
  const isEnvelope = ajv.compile(envelope)
  const operations = operationsOf(document).map((operation) => {
    const pattern = new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`)
    const checks = Object.entries(operation.responses).map(([status, { content }]) => {
      const schema = content?.["application/json"]?.schema
      const check = schema && ajv.compile(inDocument(schema))
      return [Number(status), check] as const
    })
    return { ...operation, pattern, checks: new Map(checks) }
  })

  const unreached = new Set(operations.map(({ method, path }) => `${method} ${path}`))

  const always = ({ status, headers, body }: Answer, isHead: boolean, json: unknown): string | undefined => {
    if (status >= 500) return `status ${status}`
    const id = headers["x-request-id"]
    if (id === undefined) return "no X-Request-Id"
    if (headers["x-content-type-options"] !== "nosniff") return "X-Content-Type-Options is not nosniff"
    if (headers["content-security-policy"] === undefined) return "no Content-Security-Policy"
    if (headers["server"] !== undefined || headers["x-powered-by"] !== undefined) return "the server names itself"
    if (isHead && body !== "") return "a body for HEAD"
    if (status < 300 || isHead) return undefined
    if (!isEnvelope(json)) return `status ${status} without the envelope`
    const { request_id } = (json as { error: { request_id: string } }).error
    return request_id === id ? undefined : "request_id is not X-Request-Id"
  }

  const http = ({ method, target, requestId }: Sent, answer: Answer): string | undefined => {
    const isHead = method === "HEAD"
    const json = jsonOf(answer)
    const fault = always(answer, isHead, json)
    if (fault !== undefined) return fault
    const { status, headers } = answer
    // The parser refuses other targets before there is a request, so no id can be kept.
    const parsed = /^[\x21-\x7e]+$/.test(target)
    if (parsed && /^[A-Za-z0-9._-]{8,128}$/.test(requestId ?? "") && headers["x-request-id"] !== requestId)
      return "a valid X-Request-Id was replaced"
    if (status === 405 && headers["allow"] === undefined) return "405 without Allow"
    const path = target.split("?", 1)[0]!
    const wanted = isHead ? "GET" : method
    const operation = operations.find((one) => one.method === wanted && one.pattern.test(path))
    if (operation === undefined) {
      const isFixed = path === "/api/v1/openapi.json" || /^\/api\/v1\/docs(\/reference\.js)?$/.test(path)
      const isPreflight = method === "OPTIONS" && status === 204
      if (isFixed && (method === "GET" || isHead) && status === 200) return undefined
      return routeless.has(status) || isPreflight ? undefined : `status ${status} from a path that no operation has`
    }
    if (!operation.checks.has(status))
      return routeless.has(status)
        ? undefined
        : `status ${status} is not declared by ${operation.method} ${operation.path}`
    // The router does not match longer parameters, so the operation never sees the request.
    if (status === 404 && path.split("/").some((part) => part.length > 256)) return undefined
    if (status < 300) unreached.delete(`${operation.method} ${operation.path}`)
    const check = operation.checks.get(status)
    if (isHead) return undefined
    if (check === undefined) return answer.body === "" ? undefined : `a body where ${operation.path} declares none`
    return check(json)
      ? undefined
      : `the body is not what ${operation.method} ${operation.path} declares: ${ajv.errorsText(check.errors)}`
  }

  const raw = (plan: Framing, { answers, rest }: { answers: ReadonlyArray<Answer>; rest: string }) => {
    if (rest !== "") return `bytes that belong to no answer: ${JSON.stringify(rest.slice(0, 80))}`
    if (answers.length === 0) return "no answer"
    if (answers.length > plan.answers)
      return `${answers.length} answers: ${answers.map(({ status }) => status).join(", ")}`
    for (const answer of answers) {
      const fault = always(answer, false, jsonOf(answer))
      if (fault !== undefined) return fault
      if (plan.refused && answer.status < 400) return `status ${answer.status} for a request that should be refused`
    }
    return undefined
  }

  return { http, raw, unreached }
}
