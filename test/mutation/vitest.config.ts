import { defineConfig } from "vitest/config"
import tests from "../../vitest.config.ts"

/** The tests of authentication and authorisation; the others would only repeat them more slowly. */
export default defineConfig({
  test: {
    ...tests.test,
    include: [
      "test/auth/{SealedTokens,cookies,discordFaults,locations,sessionLife,sessions,signIn,signInRules}.test.ts",
      "test/guilds/guilds.test.ts",
      "test/auth/csrf.test.ts",
      "test/server/{bodies,errors,headers,input,units}.test.ts",
      "test/infra/Crypto.test.ts"
    ],
    reporters: []
  }
})
