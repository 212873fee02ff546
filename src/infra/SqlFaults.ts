import { SqlError } from "effect/sql"

/**
 * What an error of PostgreSQL means when it is not about the statement: the server cannot serve at the moment, and asking
 * again later helps. `retire` ends every connection, because the server that is at their other end is the wrong one.
 */
interface ServerFault {
  readonly says: string
  readonly retire?: boolean
}

/** By SQLSTATE, or by its class (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
export const serverFaults: Readonly<Record<string, ServerFault>> = {
  "08": { says: "the connection was lost" },
  "28": { says: "it rejects our user or password" },
  "25P03": { says: "a transaction lay idle for too long" },
  "25006": { says: "it takes no writes: it is a standby, or was one until a failover", retire: true },
  "40001": { says: "it gave another transaction the way" },
  "40P01": { says: "two transactions waited for each other" },
  "53": { says: "it has no connection, memory or disk left" },
  "55P03": { says: "a lock was not free in time" },
  "57014": { says: "the statement took too long" },
  "57P": { says: "it is starting or stopping" },
  "58": { says: "its disk or operating system failed" }
}

/**
 * The fault with its SQLSTATE, or undefined for an error of the statement. A connection that failed has no SQLSTATE, but
 * perhaps a code of the operating system, and `EPIPE` looks like one.
 */
export const serverFaultOf = ({ reason }: SqlError.SqlError): (ServerFault & { readonly code: string }) | undefined => {
  const { code } = reason.cause as { readonly code?: unknown }
  const state = typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : ""
  const fault = serverFaults[state] ?? serverFaults[state.slice(0, 3)] ?? serverFaults[state.slice(0, 2)]
  if (fault !== undefined) return { ...fault, code: state }
  return reason._tag === "ConnectionError" ? { ...serverFaults["08"]!, code: "connection" } : undefined
}

/** Columns that refer to whoever sent a request, by the names of their foreign keys. */
const callers = /(?<!target)_user_id_fkey$|_(actor_id|(created|updated|requested)_by)_fkey$/

/** Whether what was written refers to the caller, whose account was deleted while the request was under way. */
export const isCallerGone = (error: unknown) => {
  if (!SqlError.isSqlError(error)) return false
  const { code, constraint } = error.reason.cause as { readonly code?: unknown; readonly constraint?: unknown }
  return code === "23503" && callers.test(String(constraint))
}
