import { assert, describe, it } from "@effect/vitest"
import { randomBytes } from "node:crypto"
import { assertClean, noteSecret } from "./canaries.ts"
import { environment } from "./environment.ts"

const token = () => randomBytes(32).toString("base64url")

describe("the scan for secrets", () => {
  it("finds a browser's token, a provider's token and a configured secret", () => {
    const seen = token()
    noteSecret(seen)
    for (const text of [
      `{"cookie":"session=${seen}; x"}`,
      `Bearer sim-access-${token().slice(0, 32)}`,
      `simcode-${token().slice(0, 32)}`,
      `password ${environment.DB_PASSWORD}`
    ])
      assert.throws(() => assertClean("The log", text), "The log contains a secret")
  })

  it("finds nothing else", () => {
    noteSecret("short")
    for (const text of [token(), `v1:${token()}:${token()}`, "short", ""])
      assert.doesNotThrow(() => assertClean("The log", text))
  })
})
