import { Context, Effect, Layer } from "effect"
import { Crypto } from "../infra/Crypto.ts"
import { CsrfInvalid, CsrfRequired, type SessionId } from "./Session.ts"
import { SessionsRepo } from "./SessionsRepo.ts"

/** What a token is checked against. */
interface Guarded {
  readonly session: { readonly id: SessionId }
  /** Of the token that it was given when it began, or by the earlier service. */
  readonly csrfHash: string
}

/**
 * The CSRF token that every replica takes: derived by the secret that all of them know, but for a session that one without
 * the secret before has made.
 */
export const csrfTokenOf = ({ hash, known, common }: Crypto["Service"], sessionToken: string, csrfHash: string) => {
  const { csrfToken } =
    known.find((by) => by !== common && hash("csrf", by.csrfToken(sessionToken)) === csrfHash) ?? common
  return csrfToken(sessionToken)
}

/**
 * A change must carry the session's CSRF token in a header: a page from another origin can make a browser send cookies,
 * but cannot read the token.
 */
export class Csrf extends Context.Service<
  Csrf,
  {
    /** The token of a session. It never changes, so two tabs cannot invalidate each other's. */
    readonly token: (sessionToken: string, csrfHash: string) => string
    /**
     * Accepts the token that `token` derives, and the one whose hash the session has: it came with an adopted session, or
     * was issued under the secret before.
     */
    readonly check: (
      guarded: Guarded,
      sessionToken: string,
      header: string | undefined
    ) => Effect.Effect<void, CsrfRequired | CsrfInvalid>
  }
>()("auth/Csrf") {
  static readonly layer = Layer.effect(
    Csrf,
    Effect.gen(function* () {
      const repo = yield* SessionsRepo
      const crypto = yield* Crypto

      const refuse = (id: SessionId, reason: string, error: CsrfRequired | CsrfInvalid) =>
        Effect.andThen(Effect.ignore(repo.csrfFailed(id, reason)), Effect.fail(error))

      return Csrf.of({
        token: (sessionToken, csrfHash) => csrfTokenOf(crypto, sessionToken, csrfHash),
        check: ({ session, csrfHash }, sessionToken, header) => {
          if (header === undefined || header === "") return refuse(session.id, "absent", new CsrfRequired())
          return crypto.known.some(
            ({ csrfToken, hash }) =>
              crypto.equal(header, csrfToken(sessionToken)) || crypto.equal(hash("csrf", header), csrfHash)
          )
            ? Effect.void
            : refuse(session.id, "wrong", new CsrfInvalid())
        }
      })
    })
  ).pipe(Layer.provide(SessionsRepo.layer))
}
