import type { JsonSchema } from "./JsonSchema.ts"

/** A failure as an operation declares it. */
interface Failure {
  readonly code: string
  readonly sentence: string
  readonly details: unknown
}

interface Response {
  readonly description: string
  readonly headers?: object
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>
}

const text = { type: "string" }

/** The schemas of the envelope, given every code. */
export const envelopeSchemas = (codes: ReadonlyArray<string>) => ({
  ErrorCode: {
    ...text,
    description: "What went wrong, for programs. A code never changes its meaning; later versions may add codes.",
    enum: codes
  },
  ErrorEnvelope: {
    type: "object",
    description: "The body of every response that is not a success, but for those of the health routes.",
    required: ["error"],
    additionalProperties: false,
    properties: {
      error: {
        type: "object",
        required: ["code", "message", "request_id", "details"],
        additionalProperties: false,
        properties: {
          code: { $ref: "#/components/schemas/ErrorCode" },
          message: { ...text, description: "One sentence for people." },
          request_id: { ...text, description: "Equals the header `X-Request-Id`, and stands in the service's log." },
          details: {
            type: "object",
            description: "Facts about this failure; a refused request names its `fields`, each with a `reason`.",
            additionalProperties: true,
            properties: {
              fields: {
                type: "array",
                items: { type: "object", required: ["field", "reason"], properties: { field: text, reason: text } }
              }
            }
          }
        }
      }
    }
  }
})

/** The failures of a response, or undefined if it has a shape of its own. */
export const failuresOf = ({ content }: Response): ReadonlyArray<Failure> | undefined => {
  const schema = content?.["application/json"]?.schema
  if (schema === undefined) return undefined
  const failures = (schema.anyOf ?? [schema]).map((member) => {
    const { code, details } = member.properties?.error?.properties ?? {}
    return { code: code?.enum?.[0], sentence: member.description, details: details?.examples?.[0] ?? {} }
  })
  return failures.every(({ code }) => code !== undefined) ? (failures as ReadonlyArray<Failure>) : undefined
}

const requestId = "5f0c2f0e-3a55-4f2c-9c1b-6f1d6f5c1e0a"

/** The response of these failures: the envelope with one of their codes. */
const failureResponse = (failures: ReadonlyArray<Failure>, headers: object): Response => {
  const codes = failures.map(({ code }) => code)
  const examples = failures.map(({ code, sentence, details }) => [
    code,
    { summary: sentence, value: { error: { code, message: sentence, request_id: requestId, details } } }
  ])
  const narrowed = {
    type: "object",
    required: ["error"],
    properties: { error: { type: "object", required: ["code"], properties: { code: { type: "string", enum: codes } } } }
  }
  const schema: JsonSchema = { allOf: [{ $ref: "#/components/schemas/ErrorEnvelope" }, narrowed] }
  return {
    description: failures.map(({ code, sentence }) => `\`${code}\`: ${sentence}`).join("\n\n"),
    headers,
    content: { "application/json": { schema, examples: Object.fromEntries(examples) } as { schema: JsonSchema } }
  }
}

const words: Readonly<Record<string, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  413: "TooLarge",
  415: "UnsupportedMediaType",
  422: "Unprocessable",
  429: "TooManyRequests",
  500: "InternalError",
  502: "BadGateway",
  503: "Unavailable"
}

const capitalised = (code: string) => code.replace(/(?:^|[._])([a-z])/g, (_, letter: string) => letter.toUpperCase())

interface Use {
  readonly status: string
  readonly codes: ReadonlyArray<string>
  readonly suffix: string
  readonly response: Response
  times: number
}

/** Responses that operations share. */
export class SharedResponses {
  readonly #uses = new Map<string, Use>()

  /** Notes a use; what is returned gives the response, or the reference to it if there is another use. */
  use(status: string, failures: ReadonlyArray<Failure>, headers: object, suffix: string) {
    const codes = failures.map(({ code }) => code).toSorted()
    const key = [status, suffix, ...codes].join(" ")
    const use = this.#uses.get(key) ?? { status, codes, suffix, response: failureResponse(failures, headers), times: 0 }
    use.times += 1
    this.#uses.set(key, use)
    return () => (use.times === 1 ? use.response : { $ref: `#/components/responses/${this.#nameOf(use)}` })
  }

  /** After the status, if the codes that nearly all responses of that status have are among these, and other codes. */
  #nameOf({ status, codes, suffix }: Use) {
    const all = [...this.#uses.values()].filter((use) => use.status === status)
    const timesOf = (uses: ReadonlyArray<Use>) => uses.reduce((sum, { times }) => sum + times, 0)
    const isUsual = (code: string) => timesOf(all.filter((use) => use.codes.includes(code))) >= 0.8 * timesOf(all)
    const usual = new Set(all.flatMap((use) => use.codes).filter(isUsual))
    const hasUsual = usual.size > 0 && [...usual].every((code) => codes.includes(code))
    const named = codes.filter((code) => !hasUsual || !usual.has(code)).map(capitalised)
    return (hasUsual ? [words[status] ?? `Status${status}`, ...named] : named).join("Or") + suffix
  }

  get responses() {
    const shared = [...this.#uses.values()].filter(({ times }) => times > 1)
    return Object.fromEntries(shared.map((use) => [this.#nameOf(use), use.response]))
  }
}
