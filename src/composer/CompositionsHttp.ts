import { Effect, Layer } from "effect"
import { HttpServerResponse } from "effect/http"
import { Api } from "../Api.ts"
import { Caller } from "../auth/SignedIn.ts"
import { lastEventId } from "../http/EventStream.ts"
import { groupOf } from "../http/Handlers.ts"
import { jsonAnswer } from "../http/JsonText.ts"
import { seenBy, withRevision } from "../roster/Revision.ts"
import { EventStreams } from "../streams/EventStreams.ts"
import { watchLayer } from "./ComposerWatch.ts"
import { Compositions } from "./Compositions.ts"
import { Seatings } from "./Seatings.ts"

const group = groupOf(
  Api,
  "compositions",
  Effect.fnUntraced(function* (handlers) {
    const compositions = yield* Compositions
    const seatings = yield* Seatings
    const streams = yield* EventStreams
    return handlers.handleAll({
      compose: Effect.fnUntraced(function* ({ params, payload }) {
        const { user } = yield* Caller
        const body = yield* compositions.compose(params.plan_id, user.id, payload)
        return HttpServerResponse.setStatus(jsonAnswer(body), 202)
      }),
      list: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* Caller
        return jsonAnswer(yield* compositions.list(params.plan_id, user.id))
      }),
      get: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* Caller
        return jsonAnswer(yield* compositions.get(params.plan_id, user.id, params.composition_id))
      }),
      events: Effect.fnUntraced(function* ({ params, request }) {
        const caller = yield* Caller
        const after = Number(/^\d{1,15}$/.exec(lastEventId(request) ?? "") ?? 0)
        const found = yield* compositions.events(params.plan_id, caller.user.id, params.composition_id, after)
        // A browser that connects again is told by this that it need not.
        if (found === undefined) return HttpServerResponse.empty()
        return yield* streams.answer(caller, found.guild, found.events)
      }),
      stop: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* Caller
        return jsonAnswer(yield* compositions.stop(params.plan_id, user.id, params.composition_id))
      }),
      accept: Effect.fnUntraced(function* ({ params, request }) {
        const { user } = yield* Caller
        const asking = { plan: params.plan_id, caller: user.id, seen: seenBy(request) }
        const plan = yield* seatings.accept(asking, params.composition_id)
        return withRevision(plan.revision, { plan })
      }),
      whyNot: Effect.fnUntraced(function* ({ params, payload }) {
        const { user } = yield* Caller
        const body = yield* compositions.whyNot(params.plan_id, user.id, params.composition_id, payload)
        return HttpServerResponse.setStatus(jsonAnswer(body), 202)
      }),
      compare: Effect.fnUntraced(function* ({ params, query }) {
        const { user } = yield* Caller
        return { comparison: yield* seatings.compare(params.plan_id, user.id, params.composition_id, query.with) }
      })
    })
  })
)

/** Compositions of plans, asked for over HTTP and made in threads of this replica. */
export const compositionsLayer = Layer.merge(group, watchLayer).pipe(
  Layer.provide([Compositions.layer, Seatings.layer, EventStreams.layer])
)
