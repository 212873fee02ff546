import { type Cause, Context, Effect, Layer, Queue, type Scope, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import type { Caller } from "../auth/SignedIn.ts"
import type { UserId } from "../auth/User.ts"
import type { GuildId } from "../guilds/Guild.ts"
import { DependencyUnavailable, RateLimitExceeded } from "../http/ApiError.ts"
import { eventText, type StreamEvent } from "../http/EventStream.ts"
import { Draining } from "../infra/Draining.ts"
import { Metered, observed } from "../infra/Metrics.ts"
import { ListenersRepo, type Right } from "./ListenersRepo.ts"

/** How many streams a replica and a person may have open, and the seconds after which each sends something. */
export const StreamRules = Context.Reference("streams/StreamRules", {
  defaultValue: () => ({ replica: 2000, person: 20, heartbeat: 15 })
})

interface Listener extends Right {
  readonly user: UserId
  readonly queue: Queue.Queue<string, Cause.Done>
}

/** Events that a slow listener may be behind; then the oldest are dropped. */
const behind = 16

/** Between two looks whether those who listen still may. */
const pause = "2 seconds"

/** What a connection without events carries: proxies close one that is silent. */
const heartbeat = ": \n\n"

/** Milliseconds until a listener connects again: not all at once after a drain. */
const retry = () => `retry: ${500 + Math.floor(Math.random() * 1000)}\n\n`

/**
 * Answers of server-sent events for a guild's members. One ends within 5 s when the session, the key or the membership ends,
 * at the end of its events, when they fail, and at a drain, with an event `reconnect`. Whoever listens connects again, and
 * learns then why it may not, or by a 204 that nothing more will come.
 */
export class EventStreams extends Context.Service<
  EventStreams,
  {
    /**
     * 200 with these events, for the caller of the request. A slow reader misses the oldest, never the newest, so an event
     * tells a state or a revision by which to read one.
     */
    readonly answer: (
      caller: Caller["Service"],
      guild: GuildId,
      events: Stream.Stream<StreamEvent, unknown>
    ) => Effect.Effect<HttpServerResponse.HttpServerResponse, RateLimitExceeded | DependencyUnavailable, Scope.Scope>
  }
>()("streams/EventStreams") {
  static readonly layer = Layer.effect(
    EventStreams,
    Effect.gen(function* () {
      const rules = yield* StreamRules
      const repo = yield* ListenersRepo
      const draining = yield* Draining
      const listeners = new Set<Listener>()

      if (yield* Metered)
        yield* observed("http_server_event_streams", "Event streams open at this moment.", () => listeners.size)

      const goodbye = ({ queue }: Listener) => {
        Queue.offerUnsafe(queue, "event: reconnect\ndata: {}\n\n")
        Queue.endUnsafe(queue)
      }

      const endThoseWithoutRight = Effect.gen(function* () {
        if (listeners.size === 0) return
        const asked = [...Map.groupBy(listeners, ({ right, guild }) => `${right} ${guild}`).values()]
        for (const n of yield* repo.ended(asked.map(([listener]) => listener!))) {
          for (const { queue } of asked[n]!) {
            yield* Queue.clear(queue)
            Queue.endUnsafe(queue)
          }
        }
      }).pipe(Effect.catchCause((cause) => Effect.logDebug("Cannot tell whether listeners still may", cause)))

      // Only where nothing else waits, as it would drive the newest event out of a slow listener's queue.
      const beat = Effect.sync(() => {
        for (const { queue } of listeners) if (Queue.sizeUnsafe(queue) === 0) Queue.offerUnsafe(queue, heartbeat)
      })

      yield* Effect.forkScoped(Effect.forever(Effect.delay(endThoseWithoutRight, pause)))
      yield* Effect.forkScoped(Effect.forever(Effect.delay(beat, rules.heartbeat * 1000)))
      yield* Effect.forkScoped(
        Effect.andThen(
          draining.told,
          Effect.sync(() => listeners.forEach(goodbye))
        )
      )

      const admit = (user: UserId) => {
        if (listeners.size >= rules.replica)
          return new DependencyUnavailable({
            message: "Too many people are listening. Please try again.",
            retryAfter: 5
          })
        const own = [...listeners].filter((listener) => listener.user === user)
        if (own.length < rules.person) return Effect.void
        return new RateLimitExceeded({ message: "Too many live views are open. Please close one.", retryAfter: 5 })
      }

      return EventStreams.of({
        answer: Effect.fnUntraced(function* ({ user, right }, guild, events) {
          yield* admit(user.id)
          const queue = yield* Queue.sliding<string, Cause.Done>(behind)
          const listener = { user: user.id, right, guild, queue }
          yield* Effect.acquireRelease(
            Effect.sync(() => listeners.add(listener)),
            () => Effect.sync(() => listeners.delete(listener))
          )
          if (yield* draining.closed) goodbye(listener)
          yield* Stream.runForEach(events, (event) =>
            Effect.sync(() => Queue.offerUnsafe(queue, eventText(event)))
          ).pipe(
            Effect.catchCause((cause) => Effect.logDebug("An event stream failed", cause)),
            Effect.ensuring(Queue.end(queue)),
            Effect.forkScoped
          )
          const body = Stream.concat(Stream.succeed(retry()), Stream.fromQueue(queue))
          return HttpServerResponse.stream(Stream.encodeText(body), {
            contentType: "text/event-stream",
            headers: { "cache-control": "no-store", "x-accel-buffering": "no" }
          })
        })
      })
    })
  ).pipe(Layer.provide(ListenersRepo.layer))
}
