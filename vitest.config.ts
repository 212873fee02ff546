import { defineConfig } from "vitest/config"
import { CountReporter } from "./test/support/CountReporter.ts"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/nginx/**", "test/pgbouncer/**", "test/rolling/**"],
    globalSetup: ["test/support/globalSetup.ts"],
    setupFiles: ["test/support/canaryScan.ts"],
    reporters: ["default", new CountReporter()],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000
  }
})
