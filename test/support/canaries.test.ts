import { assert, describe, it } from "@effect/vitest"
import { randomBytes } from "node:crypto"
import { assertClean, noteSecret } from "./canaries.ts"
import { environment } from "./environment.ts"

const token = () => randomBytes(32).toString("base64url")

describe("the scan for secrets", () => {
  it("finds a token of a browser, of a provider, and what is configured", () => {
    const seen = token()
    noteSecret(seen)
    for (const text of [
      `{"cookie":"session=${seen}; x"}`,
      `Bearer sim-access-${token().slice(0, 32)}`,
      `simcode-${token().slice(0, 32)}`,
      `password ${environment.DB_PASSWORD}`
    ])
      assert.throws(() => assertClean("log", text), "A secret stands in the log")
  })

  it("takes nothing else for one", () => {
    noteSecret("short")
    for (const text of [token(), `v1:${token()}:${token()}`, "short", ""])
      assert.doesNotThrow(() => assertClean("log", text))
  })
})
