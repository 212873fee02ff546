import { PgConnection } from "@effect/sql-pg"
import { Effect, Exit, Redacted } from "effect"

/**
 * What SASLprep (RFC 4013) makes of a password before SCRAM, as far as it changes one: other spaces become spaces,
 * invisible characters go, and the rest is brought into one form. psql does this; our client does not.
 */
const prepared = (password: string) =>
  password
    .replaceAll(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, " ")
    .replaceAll(/\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g, "")
    .normalize("NFKC") || password

/**
 * The password for each connection. psql sends it as it is for MD5, and where SASLprep forbids a character; which it is
 * only the server knows. So with a password that SASLprep would change, one connection tries the prepared one, and it is
 * settled by the answer.
 */
export const passwordOf = (options: PgConnection.Config, password: Redacted.Redacted<string>) => {
  const asIs = Redacted.value(password)
  const other = Redacted.make(prepared(asIs))
  if (Redacted.value(other) === asIs) return password
  let settled: Redacted.Redacted<string> | undefined
  const attempt = Effect.map(Effect.exit(Effect.scoped(PgConnection.make({ ...options, password: other }))), (exit) => {
    if (Exit.isSuccess(exit)) return (settled = other)
    const reason = Exit.findErrorOption(exit)
    // A server that does not answer settles nothing.
    if (reason._tag === "Some" && reason.value.reason._tag === "AuthenticationError") settled = password
    return settled ?? other
  })
  return Effect.suspend(() => (settled === undefined ? attempt : Effect.succeed(settled)))
}
