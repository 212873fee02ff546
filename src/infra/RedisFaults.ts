/** What an error of Redis means when it is not about the command. */
interface RedisFault {
  readonly says: string
  /** A new connection may lead to a server that serves. Where it does not, Redis is done without. */
  readonly reconnect?: boolean
}

/** By the first word of the error (https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors). */
export const redisFaults: Readonly<Record<string, RedisFault>> = {
  READONLY: { says: "it takes no writes: it is a replica, or was made one by a failover", reconnect: true },
  NOAUTH: { says: "it wants a password", reconnect: true },
  WRONGPASS: { says: "it rejects the password" },
  NOPERM: { says: "the user may not run a command that is needed" },
  LOADING: { says: "it is loading its data" },
  MASTERDOWN: { says: "it is a replica without its primary", reconnect: true },
  CLUSTERDOWN: { says: "its cluster is down" },
  MISCONF: { says: "it cannot save, so it takes no writes" },
  OOM: { says: "its memory is full" },
  BUSY: { says: "a script keeps it busy" }
}

/** The fault that an error tells, with its code; undefined for an error of the command or the connection. */
export const redisFaultOf = (error: unknown) => {
  const code = error instanceof Error ? (/^[A-Z]+/.exec(error.message)?.[0] ?? "") : ""
  const fault = redisFaults[code]
  return fault && { ...fault, code }
}
