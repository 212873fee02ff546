import { Schema } from "effect"
import { GuildId } from "../guilds/Guild.ts"
import { apiError } from "../http/ApiError.ts"
import { field } from "../http/Documented.ts"
import { Timestamp } from "../http/Timestamp.ts"

export const Confirmation = Schema.Struct({
  confirm: field(
    Schema.String.check(Schema.isMaxLength(64)),
    "The caller's Discord username, exactly as `GET /auth/session` shows it.",
    "cyra"
  )
})

export const Deleted = Schema.Struct({
  events_until: field(
    Timestamp,
    "Until when the security events are kept at the longest, under a random pseudonym, without addresses and browsers."
  )
}).annotate({ identifier: "DeletedAccount", description: "What is left of an account." })
export type Deleted = typeof Deleted.Type

/** A guild that needs another admin first. */
export interface Orphan {
  readonly id: GuildId
  readonly name: string
}

export class ConfirmationMismatch extends apiError(
  "account.confirmation_mismatch",
  422,
  "To delete your account, send your Discord username as confirm."
) {}
export class LastAdmin extends apiError(
  "account.last_admin",
  409,
  "You are the last admin of a guild. Make another member an admin, or delete the guild first.",
  { guilds: [{ id: "a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae", name: "Night Watch" }] }
) {}
