import { type Context, Effect, Exit } from "effect"

interface Caller<Key, A, E> {
  readonly key: Key
  readonly resume: (answer: Effect.Effect<A, E>) => void
}

/** At most this many callers share a question. */
const most = 100

/**
 * Makes callers of one turn of the event loop share one question to another server, since under load most of the cost
 * is that of asking. `ask` answers in the order of its keys, and runs in the context of the first caller. A failure is
 * everybody's.
 */
export const gathered = <Key, A, E, R>(ask: (keys: ReadonlyArray<Key>) => Effect.Effect<ReadonlyArray<A>, E, R>) => {
  let waiting: Array<Caller<Key, A, E>> = []

  const send = (context: Context.Context<R>, callers: ReadonlyArray<Caller<Key, A, E>>) => {
    const answers = Effect.runForkWith(context)(Effect.suspend(() => ask(callers.map(({ key }) => key))))
    answers.addObserver((exit) => {
      for (const [index, { resume }] of callers.entries()) {
        resume(Exit.map(exit, (all) => all[index]!))
      }
    })
  }

  return (key: Key): Effect.Effect<A, E, R> =>
    Effect.contextWith((context: Context.Context<R>) =>
      Effect.callback<A, E>((resume) => {
        if (waiting.length === most) waiting = []
        const callers = waiting
        if (callers.push({ key, resume }) > 1) return
        setImmediate(() => {
          if (waiting === callers) waiting = []
          send(context, callers)
        })
      })
    )
}
