import { Clock, Effect, Metric, Schedule, Schema } from "effect"
import type { DependencyUnavailable } from "../../http/ApiError.ts"
import type { EntryId } from "../../roster/Roster.ts"
import type { Provider, RefreshId } from "./GuildRefresh.ts"
import type { Kept, RefreshPartsRepo, Settled, Spent, Store } from "./RefreshPartsRepo.ts"

/**
 * What a step comes to. `wait`: to be tried again after `pause` milliseconds. `gave-up`: its parts failed, as the provider
 * did not respond. `ended`: the refresh does not live any more.
 */
export const Step = Schema.Struct({
  next: Schema.Literals(["done", "wait", "gave-up", "ended"]),
  pause: Schema.Int,
  reason: Schema.NullOr(Schema.Literals(["reserve", "limit", "provider"]))
})
export type Step = typeof Step.Type

/** How often a step has waited, and whether the one before gave up. */
export interface Patience {
  readonly provider: number
  readonly limit: number
  readonly gaveUp: boolean
}

export const came = (next: "done" | "gave-up" | "ended"): Step => ({ next, pause: 0, reason: null })

/** Why parts are still open: asked again at `at`, in milliseconds since 1970. */
export interface Failure {
  readonly reason: "reserve" | "limit" | "provider"
  readonly at: number
}

/** Milliseconds between tries of a provider that does not respond. */
const pauses = [5000, 20_000, 60_000]
/** A limit that has not ended after so many waits is no limit. */
const mostWaits = 30
/** Providers' clocks differ a little from ours. */
const margin = 500

const sentences = {
  battlenet: "Battle.net is not responding.",
  warcraftlogs: "Warcraft Logs is not responding."
}

const partsCounted = Metric.counter("guild_refresh_parts_total", {
  description: "Parts of guild refreshes that were settled, by provider and outcome.",
  incremental: true
})
const waitsCounted = Metric.counter("guild_refresh_waits_total", {
  description: "Waits of guild refreshes for a provider, by reason.",
  incremental: true
})

/** A series that begins with its first event hides that event from `increase`. */
export const beginCounting = Effect.gen(function* () {
  for (const provider of ["warcraftlogs", "battlenet"]) {
    for (const outcome of ["done", "failed"])
      yield* Metric.update(Metric.withAttributes(partsCounted, { provider, outcome }), 0)
    for (const reason of ["reserve", "limit", "provider"])
      yield* Metric.update(Metric.withAttributes(waitsCounted, { provider, reason }), 0)
  }
})

/** A lost connection is waited for: a step is not done until it is written down. */
export const surely = <A, E extends { readonly _tag: string }, R>(
  self: Effect.Effect<A, E | DependencyUnavailable, R>
) => self.pipe(Effect.retry({ schedule: Schedule.spaced("1 second"), times: 20 }), Effect.orDie)

/** How steps with one provider write down what they come to. */
export const ledgerOf = (parts: RefreshPartsRepo["Service"], provider: Provider) => {
  const write = Effect.fnUntraced(function* (
    id: RefreshId,
    spent: Spent,
    news: { readonly settled?: ReadonlyArray<Settled>; readonly kept?: ReadonlyArray<Kept> },
    store?: Store
  ) {
    const lives = yield* surely(parts.write({ id, provider, spent }, news, store))
    if (lives)
      for (const { outcome } of news.settled ?? [])
        yield* Metric.update(Metric.withAttributes(partsCounted, { provider, outcome }), 1)
    return lives
  })

  /** What becomes of parts that could not be asked for: another try later, or their end. */
  const postpone = Effect.fnUntraced(function* (
    id: RefreshId,
    entries: ReadonlyArray<EntryId>,
    { reason, at }: Failure,
    patience: Patience,
    spent: Spent
  ) {
    const isDown = reason === "provider"
    const tries = !isDown ? mostWaits : patience.gaveUp ? 0 : pauses.length
    const waited = isDown ? patience.provider : patience.limit
    if (waited >= tries) {
      const settled = entries.map((entry_id) => ({ entry_id, outcome: "failed" as const, error: sentences[provider] }))
      return came((yield* write(id, spent, { settled })) ? "gave-up" : "ended")
    }
    const now = yield* Clock.currentTimeMillis
    const pause = Math.ceil(Math.max(at - now + (isDown ? 0 : margin), isDown ? pauses[waited]! : 1000))
    yield* Metric.update(Metric.withAttributes(waitsCounted, { provider, reason }), 1)
    const lives = yield* surely(parts.wait({ id, provider, spent }, now + pause, reason))
    return lives ? { next: "wait" as const, pause, reason } : came("ended")
  })

  return { write, postpone }
}

export const inGroups = <A>(all: ReadonlyArray<A>, size: number) =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size))
