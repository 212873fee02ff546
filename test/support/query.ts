import { Effect } from "effect"
import { TestApp } from "./TestApp.ts"

type Row = Readonly<Record<string, unknown>>

/** One statement on the service's database, bypassing the service. */
export const query = (strings: TemplateStringsArray, ...values: ReadonlyArray<string | number | null>) =>
  Effect.flatMap(TestApp, ({ sql }) => sql<Row>(strings, ...values))
