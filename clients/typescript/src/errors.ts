import type { ErrorCode } from "./types.ts"

interface Told {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly requestId: string
  readonly details: Readonly<Record<string, unknown>>
  readonly retryAfter: number | undefined
}

/** A failure that the API told of. `code` says which; a later version of the API may add codes. */
export class ApiError<Code extends string = ErrorCode> extends Error {
  override readonly name = "ApiError"
  readonly status: number
  readonly code: Code
  /** In the service's log. */
  readonly requestId: string
  readonly details: Readonly<Record<string, unknown>>
  /** Seconds until a retry can succeed, if the API said so. */
  readonly retryAfter: number | undefined

  constructor({ status, code, message, requestId, details, retryAfter }: Told) {
    super(message)
    this.status = status
    this.code = code as Code
    this.requestId = requestId
    this.details = details
    this.retryAfter = retryAfter
  }
}

/** Whether something thrown is the API's failure, of this code if one is given. */
export const isApiError = <Code extends ErrorCode = ErrorCode>(error: unknown, code?: Code): error is ApiError<Code> =>
  error instanceof ApiError && (code === undefined || error.code === code)

export const secondsOf = (response: Response) => {
  const header = response.headers.get("retry-after")
  return header === null || !/^\d+$/.test(header) ? undefined : Number(header)
}

/** The failure of a response; one that is not the API's (a proxy's page, say) has the code of its status. */
export const failureOf = async (response: Response): Promise<ApiError<string>> => {
  const body = (await response.json().catch(() => undefined)) as
    | { error?: Record<string, unknown> | string }
    | undefined
  const error = typeof body?.error === "object" ? body.error : {}
  return new ApiError<string>({
    status: response.status,
    code: typeof error["code"] === "string" ? error["code"] : `http.${response.status}`,
    message: String(error["message"] ?? body?.error ?? `The server answered ${response.status}.`),
    requestId: response.headers.get("x-request-id") ?? "",
    details: (error["details"] ?? {}) as Readonly<Record<string, unknown>>,
    retryAfter: secondsOf(response)
  })
}
