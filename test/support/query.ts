import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { TestApp } from "./TestApp.ts"

type Row = Readonly<Record<string, unknown>>

/** One statement on the service's own database, past the service. */
export const query = (strings: TemplateStringsArray, ...values: ReadonlyArray<string | number | null>) =>
  Effect.gen(function* () {
    const { variables } = yield* TestApp
    const client = PgClient.layer({
      host: "127.0.0.1",
      port: Number(variables.DB_PORT),
      username: variables.DB_USER,
      password: Redacted.make(variables.DB_PASSWORD!),
      database: variables.DB_NAME,
      transformJson: false
    })
    return yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql<Row>(strings, ...values)).pipe(
      Effect.provide(client)
    )
  })
