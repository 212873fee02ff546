import { Context } from "effect"

/**
 * The rate limit rule of an endpoint, declared as an annotation. Requests under any rule but `none` also count as
 * `requests`.
 */
export type Allowance = "requests" | "sign-in" | "callback" | "refreshes" | "shared-plans" | "exports" | "none"

export const Allowance = Context.Reference<Allowance>("limits/Allowance", { defaultValue: () => "requests" })
