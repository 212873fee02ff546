import { defineConfig } from "vitest/config"
import tests, { delivery } from "../../vitest.config.ts"

/** The tests that need the packages of test/tools. */
export default defineConfig({
  test: { ...tests.test, include: delivery, exclude: ["**/node_modules/**"], reporters: ["default"] }
})
