import { hanging, slowConnections } from "./cases/callers.ts"
import { frozenJobs, jobsWithoutPostgres, killedJobs, terminatedJobs } from "./cases/jobs.ts"
import { overload } from "./cases/overload.ts"
import { crashed, restarted, silent, stopped } from "./cases/postgres.ts"
import { crowdedStart, killed, terminated } from "./cases/processes.ts"
import { redisTroubles } from "./cases/redis.ts"
import { absent, killedMigration, together } from "./cases/start.ts"
import { testsOf } from "./cases/tests.ts"
import { killedPlans, terminatedPlans } from "./cases/plans.ts"
import type { Result } from "./Figures.ts"
import type { Size, World } from "./World.ts"

interface Case {
  readonly run: (world: World, size: Size) => Promise<Result>
  /** Covered by `npm test`, so that a short run leaves it out. */
  readonly tested?: true
}

const tested = (...of: Parameters<typeof testsOf>): Case => ({ run: testsOf(...of), tested: true })

/** By the ids of docs/requirements.md. */
export const cases: Readonly<Record<string, Case>> = {
  D01: { run: stopped },
  D03: { run: restarted },
  D04: { run: overload },
  D05: { run: silent },
  D06: { run: redisTroubles },
  D07: { run: hanging },
  D08: { run: terminated },
  D09: { run: killed },
  "D09-start": { run: crowdedStart },
  "D09-crash": { run: crashed },
  "D09-jobs": { run: killedJobs },
  "D08-jobs": { run: terminatedJobs },
  "D09-plans": { run: killedPlans },
  "D08-plans": { run: terminatedPlans },
  "D03-jobs": { run: jobsWithoutPostgres },
  D14: { run: frozenJobs },
  D10: tested("D10", "The service's clock is wrong", "test/auth"),
  D11: { run: slowConnections },
  D12: tested("D12", "A defect or a stray rejection", "test/start", "test/server"),
  D13: tested("D13", "GeoIP file missing, corrupt or replaced", "test/auth/locations", "test/infra/GeoIp"),
  U01: tested("U01", "Variables missing or invalid", "test/start", "test/infra/AppConfig"),
  U02: tested("U02", "Weak secrets, contradictory settings", "test/start", "test/infra/AppConfig"),
  U03: tested("U03", "Migrations that cannot be applied", "test/start", "test/infra/SqlFiles"),
  U04: { run: together },
  U05: { run: killedMigration },
  U06: { run: absent, tested: true }
}
