import { Context } from "effect"

/**
 * By which rule an endpoint's requests are counted; an endpoint declares it as an annotation. All but those of `none` are
 * counted as `requests` too.
 */
export type Allowance = "requests" | "sign-in" | "callback" | "refreshes" | "none"

export const Allowance = Context.Reference<Allowance>("limits/Allowance", { defaultValue: () => "requests" })
