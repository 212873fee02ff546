import { Context, Deferred, Effect, Layer } from "effect"

/** Whether the service was told to stop, and how far it is. */
export class Draining extends Context.Service<
  Draining,
  {
    /** From now on the service is not ready, but serves for SHUTDOWN_DELAY_MS. */
    readonly begin: Effect.Effect<void>
    readonly begun: Effect.Effect<boolean>
    /** From now on no new connection is accepted, so whoever is sent away comes to another replica. */
    readonly tell: Effect.Effect<void>
    /** Returns when that is so. An answer that lasts ends by it (`Stream.interruptWhen`), or it is cut 8 s later. */
    readonly told: Effect.Effect<void>
    readonly closed: Effect.Effect<boolean>
  }
>()("infra/Draining") {
  static readonly layer = Layer.effect(
    Draining,
    Effect.gen(function* () {
      const [stopping, closed] = yield* Effect.all([Deferred.make<void>(), Deferred.make<void>()])
      return Draining.of({
        begin: Effect.asVoid(Deferred.succeed(stopping, undefined)),
        begun: Deferred.isDone(stopping),
        tell: Effect.asVoid(Deferred.succeed(closed, undefined)),
        told: Deferred.await(closed),
        closed: Deferred.isDone(closed)
      })
    })
  )
}
