import { Clock, Cron, Effect, Layer, Metric } from "effect"
import { AppConfig } from "../../infra/AppConfig.ts"
import { Jobs, repeatedly } from "../../infra/Jobs.ts"
import { Metered } from "../../infra/Metrics.ts"
import { WclQuota } from "../warcraftlogs/WclQuota.ts"
import { GuildRefreshes } from "./GuildRefreshes.ts"
import { RefreshPartsRepo } from "./RefreshPartsRepo.ts"
import { beginCounting } from "./Step.ts"
import { RefreshWatchRepo } from "./RefreshWatchRepo.ts"

const keptDays = 28
const batch = 1000
/** How long after its time a night may begin another guild. */
const nightLasts = 4 * 3_600_000
/** The share of an hour's points that a night leaves. */
const leftForDay = 0.5
/** At night what is younger is left alone. */
const nightlyAge = 20 * 3600

const live = Metric.gauge("guild_refreshes_live", { description: "Guild refreshes that are under way." })
const oldest = Metric.gauge("guild_refreshes_oldest_seconds", {
  description: "Age of the oldest guild refresh that is under way."
})
const kicks = Metric.counter("guild_refresh_kicks_total", {
  description: "Guild refreshes that stood still and were begun again.",
  incremental: true
})

const pointsLeft = Metric.gauge("guild_refresh_points_left", {
  description: "What is left of the hour's points, as the provider last told any replica.",
  attributes: { provider: "warcraftlogs" }
})

/** On every replica, whether it has work or not. An hour that nothing is known of has all its points. */
const tellPoints = Effect.gen(function* () {
  const quota = yield* WclQuota
  let limit: number | undefined
  const tell = Effect.flatMap(quota.known, (known) => {
    limit = known?.limit ?? limit
    const left = known?.left ?? limit
    return left === undefined ? Effect.void : Metric.update(pointsLeft, left)
  })
  yield* repeatedly("points-left", "15 seconds", tell)
})

/** Wakes what stands still: no message can get lost for longer than some minutes. */
const watch = Effect.gen(function* () {
  const repo = yield* RefreshWatchRepo
  const parts = yield* RefreshPartsRepo
  const refreshes = yield* GuildRefreshes
  for (const { hopeless, ...one } of yield* repo.stalled) {
    yield* Metric.update(kicks, 1)
    yield* Effect.logWarning("A guild refresh stood still").pipe(Effect.annotateLogs({ refresh: one.id }))
    // Work that ended in another way than it should cannot be begun again.
    if (hopeless || (yield* refreshes.hasEnded(one))) yield* parts.fail(one.id)
    else yield* refreshes.kick(one)
  }
  const counted = yield* repo.live
  yield* Metric.update(live, counted.count)
  yield* Metric.update(oldest, counted.oldest)
}).pipe(Effect.withSpan("RefreshWatch.watch"))

/** One guild at a time, so that officers find the providers' limits unspent. */
const nightly = Effect.fn("RefreshWatch.nightly")(function* (cron: Cron.Cron) {
  const now = yield* Clock.currentTimeMillis
  const since = Cron.prev(cron, now).getTime()
  if (now - since > nightLasts) return
  const points = yield* (yield* WclQuota).known
  if (points !== undefined && points.left < points.limit * leftForDay) return
  const guild = yield* (yield* RefreshWatchRepo).nextAtNight(since, nightlyAge)
  if (guild !== undefined) yield* (yield* GuildRefreshes).startAlone(guild, { stale_after_seconds: nightlyAge })
})

/** Removes old refreshes and what is left of their work, in batches. */
const sweep = Effect.gen(function* () {
  const jobs = yield* Jobs
  const repo = yield* RefreshWatchRepo
  const all = (remove: Effect.Effect<number, unknown>) =>
    Effect.ignore(Effect.repeat(remove, { while: (removed) => removed === batch }))
  yield* all(repo.remove(keptDays, batch))
  yield* all(jobs.sweep(batch))
}).pipe(Effect.withSpan("RefreshWatch.sweep"))

/** On one replica at a time. */
export const watchLayer = Layer.effectDiscard(
  Effect.gen(function* () {
    const { refreshNightly } = yield* AppConfig
    const jobs = yield* Jobs
    // Only who watches tells how many there are.
    const nothing = Effect.all([Metric.update(live, 0), Metric.update(oldest, 0)])
    yield* Effect.all([beginCounting, Metric.update(kicks, 0), nothing])
    if (yield* Metered) yield* Effect.forkScoped(tellPoints)
    const all = refreshNightly === undefined ? watch : Effect.andThen(watch, nightly(refreshNightly))
    yield* jobs.singleton("watch", "1 minute", all, nothing)
    yield* jobs.singleton("sweep-refreshes", "1 hour", sweep)
  })
)
