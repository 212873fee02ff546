import { Effect, Layer } from "effect"
import { Api } from "../../Api.ts"
import { Caller } from "../../auth/SignedIn.ts"
import { lastEventId } from "../../http/EventStream.ts"
import { groupOf } from "../../http/Handlers.ts"
import { jsonAnswer } from "../../http/JsonText.ts"
import { Jobs } from "../../infra/Jobs.ts"
import { EventStreams } from "../../streams/EventStreams.ts"
import { BnetClient } from "../battlenet/BnetClient.ts"
import { SnapshotsRepo } from "../SnapshotsRepo.ts"
import { GuildRefreshes } from "./GuildRefreshes.ts"
import { RefreshPartsRepo } from "./RefreshPartsRepo.ts"
import { BattlenetSteps } from "./BattlenetSteps.ts"
import { WarcraftlogsSteps } from "./WarcraftlogsSteps.ts"
import { WclClient } from "../warcraftlogs/WclClient.ts"
import { WclQuota } from "../warcraftlogs/WclQuota.ts"
import { watchLayer } from "./RefreshWatch.ts"
import { RefreshWatchRepo } from "./RefreshWatchRepo.ts"
import { refreshWorkflow } from "./RefreshWorkflow.ts"
import { HttpServerResponse } from "effect/http"

const group = groupOf(
  Api,
  "guildRefreshes",
  Effect.fnUntraced(function* (handlers) {
    const refreshes = yield* GuildRefreshes
    const streams = yield* EventStreams
    return handlers.handleAll({
      start: Effect.fnUntraced(function* ({ params, payload }) {
        const { user } = yield* Caller
        const body = yield* refreshes.start(params.guild_id, user.id, payload)
        return HttpServerResponse.setStatus(jsonAnswer(body), 202)
      }),
      list: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* Caller
        return jsonAnswer(yield* refreshes.list(params.guild_id, user.id))
      }),
      get: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* Caller
        return jsonAnswer(yield* refreshes.get(params.guild_id, user.id, params.refresh_id))
      }),
      events: Effect.fnUntraced(function* ({ params, request }) {
        const caller = yield* Caller
        const after = Number(/^\d{1,15}$/.exec(lastEventId(request) ?? "") ?? 0)
        const events = yield* refreshes.events(params.guild_id, caller.user.id, params.refresh_id, after)
        // A browser that connects again is told by this that it need not.
        if (events === undefined) return HttpServerResponse.empty()
        return yield* streams.answer(caller, params.guild_id, events)
      }),
      cancel: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* Caller
        yield* refreshes.cancel(params.guild_id, user.id, params.refresh_id)
      })
    })
  })
)

/** The work itself, which this replica may be given at any time. */
const work = Layer.effectDiscard(Effect.flatMap(Jobs, (jobs) => jobs.register(refreshWorkflow)))

/** Refreshes of whole rosters, asked for over HTTP and done by the job engine. */
export const guildRefreshesLayer = Layer.mergeAll(group, work, watchLayer).pipe(
  Layer.provide([BattlenetSteps.layer, WarcraftlogsSteps.layer]),
  Layer.provide([
    RefreshWatchRepo.layer,
    GuildRefreshes.layer,
    EventStreams.layer,
    RefreshPartsRepo.layer,
    SnapshotsRepo.layer,
    BnetClient.layer,
    WclClient.layer,
    WclQuota.layer
  ])
)
