import { defineConfig } from "vitest/config"
import { CountReporter } from "./test/support/CountReporter.ts"

/** Tests that need the packages of test/tools: `npm run test:delivery`. */
export const delivery = [
  "test/client/package.test.ts",
  "test/containers/{compose,dockerfiles}.test.ts",
  "test/deploy/{kubernetes,monitoring}.test.ts",
  "test/workflows/workflows.test.ts"
]

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/nginx/**", "test/pgbouncer/**", "test/rolling/**", ...delivery],
    globalSetup: ["test/support/globalSetup.ts"],
    setupFiles: ["test/support/canaryScan.ts"],
    reporters: ["default", new CountReporter()],
    pool: "forks",
    maxWorkers: 2,
    // For a test that stands still; what must be quick is asserted where it must.
    testTimeout: 180_000,
    hookTimeout: 60_000
  }
})
