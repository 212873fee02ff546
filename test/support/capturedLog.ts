import { Effect } from "effect"
import { vi } from "vitest"

/** Every line logged from now to the end of the scope; the service's JSON logger uses `console.log`. */
export const capturedLog = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      const lines: Array<string> = []
      const spies = (["log", "error", "warn", "info", "debug"] as const).map((method) =>
        vi.spyOn(console, method).mockImplementation((...words) => void lines.push(words.map(String).join(" ")))
      )
      return { lines, spies }
    }),
    ({ spies }) => Effect.sync(() => spies.forEach((spy) => spy.mockRestore()))
  ),
  ({ lines }) => lines
)
