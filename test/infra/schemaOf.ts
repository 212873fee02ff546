import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Every object of a schema, a line each: two databases with the same lines have the same schema. */
export const schemaOf = (schema: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql<{ line: string }>`
      with here as (select ${schema}::text::regnamespace as oid)
      select concat_ws(' ', 'column', table_name, ordinal_position, column_name, data_type, udt_name, is_nullable, column_default) as line
      from information_schema.columns where table_schema = ${schema}
      union all
      select concat_ws(' ', 'relation', relkind, relname) from pg_class, here where relnamespace = here.oid
      union all
      select concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(c.oid))
      from pg_constraint c, here where connamespace = here.oid
      union all
      select concat_ws(' ', 'index', indexdef) from pg_indexes where schemaname = ${schema}
      union all
      select concat_ws(' ', 'view', viewname, definition) from pg_views where schemaname = ${schema}
      union all
      select concat_ws(' ', 'trigger', tgrelid::regclass, pg_get_triggerdef(t.oid))
      from pg_trigger t join pg_class c on c.oid = tgrelid, here where relnamespace = here.oid and not tgisinternal
      union all
      select concat_ws(' ', 'function', p.oid::regprocedure, md5(prosrc)) from pg_proc p, here where pronamespace = here.oid
      union all
      select concat_ws(' ', 'type', typname, typtype) from pg_type, here where typnamespace = here.oid
      order by 1`
    return rows.map(({ line }) => line)
  })
