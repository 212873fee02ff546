import { Effect } from "effect"
import { until } from "../start/startProcess.ts"
import type { somebody } from "../support/people.ts"

type Person = Effect.Success<ReturnType<typeof somebody>>

export const cookieOf = (person: Pick<Person, "cookie">) =>
  Effect.map(person.cookie("session"), (value) => `session=${value}`)

/** A stream that is read all the time: what came so far, and its end. */
export const listen = Effect.fnUntraced(function* (
  url: string,
  cookie: string,
  headers: Readonly<Record<string, string>> = {}
) {
  const abort = new AbortController()
  yield* Effect.addFinalizer(() => Effect.sync(() => abort.abort()))
  const response = yield* Effect.promise(() => fetch(url, { headers: { cookie, ...headers }, signal: abort.signal }))
  let text = ""
  let state: "open" | "ended" | "cut" = "open"
  const reading = async () => {
    try {
      for await (const part of response.body!.pipeThrough(new TextDecoderStream())) text += part
      state = "ended"
    } catch {
      state = "cut"
    }
  }
  void reading()
  return {
    response,
    text: () => text,
    state: () => state,
    has: (words: string) =>
      until(
        Effect.sync(() => text),
        (text) => text.includes(words)
      ),
    ended: until(
      Effect.sync(() => state),
      (state) => state !== "open"
    ),
    close: () => abort.abort()
  }
})
