import { Effect } from "effect"
import type { Crypto } from "../infra/Crypto.ts"
import type { DiscordTokens } from "./discord/DiscordClient.ts"

/** Discord tokens, encrypted for storage. */
export interface SealedTokens {
  readonly accessToken: string
  readonly refreshToken: string | null
  readonly tokenType: string
  readonly scope: string
  /** Seconds. */
  readonly expiresIn: number
}

export const sealTokens = Effect.fnUntraced(function* ({ seal }: Crypto["Service"], tokens: DiscordTokens) {
  const { accessToken, refreshToken, tokenType, scope, expiresIn } = tokens
  return {
    accessToken: yield* seal(accessToken),
    refreshToken: refreshToken === null ? null : yield* seal(refreshToken),
    tokenType,
    scope,
    expiresIn
  } satisfies SealedTokens
})
