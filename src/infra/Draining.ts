import { Context, Deferred, Effect, Layer } from "effect"

/** Whether the service was told to stop. */
export class Draining extends Context.Service<
  Draining,
  {
    readonly begin: Effect.Effect<void>
    readonly begun: Effect.Effect<boolean>
    /** Returns when a drain begins. An answer that lasts ends by it (`Stream.interruptWhen`), or it is cut 8 s later. */
    readonly told: Effect.Effect<void>
  }
>()("infra/Draining") {
  static readonly layer = Layer.effect(
    Draining,
    Effect.map(Deferred.make<void>(), (deferred) =>
      Draining.of({
        begin: Effect.asVoid(Deferred.succeed(deferred, undefined)),
        begun: Deferred.isDone(deferred),
        told: Deferred.await(deferred)
      })
    )
  )
}
