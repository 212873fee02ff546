import { Context, Schema } from "effect"
import { apiError } from "../http/ApiError.ts"

/** What a key may be used for. */
export const KeyScope = Schema.Literals([
  "roster:read",
  "roster:write",
  "plans:read",
  "plans:write",
  "refresh"
]).annotate({ identifier: "KeyScope", description: "What a key may be used for.", examples: ["plans:read"] })
export type KeyScope = typeof KeyScope.Type

/** The scope by which a key may call an endpoint, declared as an annotation. Without one, no key may. */
export const NeededScope = Context.Reference<KeyScope | undefined>("auth/NeededScope", {
  defaultValue: () => undefined
})

export class InvalidKey extends apiError(
  "auth.invalid_key",
  401,
  "This key is not known, was revoked, or has ended."
) {}
export class ScopeMissing extends apiError("key.scope_missing", 403, "This key may not be used for that.", {
  needed: "plans:write"
}) {}
