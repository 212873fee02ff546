import { defineConfig } from "vitest/config"
import tests from "../../vitest.config.ts"

/** Needs Debian's `pgbouncer`, so it is not among the tests that run anywhere. */
export default defineConfig({ test: { ...tests.test, include: ["test/pgbouncer/*.test.ts"], exclude: [] } })
