import { overload } from "./cases/overload.ts"
import type { Result } from "./Figures.ts"
import type { Size, World } from "./World.ts"

export type Cases = Readonly<Record<string, (world: World, size: Size) => Promise<Result>>>

/** By the ids of docs/requirements.md. */
export const cases: Cases = {
  D04: overload
}
