import { jsonObject } from "../infra/SqlJson.ts"
import { BattlenetSnapshot, WarcraftlogsSnapshot } from "./Character.ts"

/** The SQL of a snapshot as it is shown, from a row of its table. */
export const battlenetJson = (table: string) => jsonObject(BattlenetSnapshot.fields, table)
export const warcraftlogsJson = (table: string) => jsonObject(WarcraftlogsSnapshot.fields, table)
