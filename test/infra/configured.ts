import { Effect } from "effect"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { environment } from "../support/environment.ts"

export type Variables = Readonly<Record<string, string | undefined>>

/** The configuration from these variables alone. */
export const readAll = (env: Variables) => AppConfig.pipe(Effect.provide(AppConfig.layerFrom(env)))
/** A complete configuration with these changes. */
export const read = (changes: Variables) => readAll({ ...environment, ...changes })
export const refuse = (env: Variables) => Effect.flip(readAll(env))
export const nameOf = (fault: string) => fault.split(" ", 1)[0]

export const key = Buffer.from("8f3a1c5e7b9d2046f8e1a3c5d7b90f2e4a6c8e0b1d3f5a7c9e2b4d6f80a1c3e5", "hex")
