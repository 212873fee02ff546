import { Effect, Layer } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { Api } from "../Api.ts"
import { Caller, CurrentSession } from "../auth/SignedIn.ts"
import { groupOf } from "../http/Handlers.ts"
import { knownTags, tagged } from "../http/ETag.ts"
import { lastEventId } from "../http/EventStream.ts"
import { jsonAnswer, parseJson } from "../http/JsonText.ts"
import { seenBy, withRevision } from "../roster/Revision.ts"
import { EventStreams } from "../streams/EventStreams.ts"
import type { Plan, PlanId } from "./Plan.ts"
import { PlanEvents } from "./PlanEvents.ts"
import { printCsv, printNote, printText } from "./PlanExport.ts"
import { PlanRevisions } from "./PlanRevisions.ts"
import { Plans } from "./Plans.ts"
import { Shares } from "./Shares.ts"

interface Request {
  readonly params: { readonly plan_id: PlanId }
  readonly request: HttpServerRequest.HttpServerRequest
}

const askingOf = ({ params, request }: Request) =>
  Effect.map(Caller, ({ user }) => ({ plan: params.plan_id, caller: user.id, seen: seenBy(request) }))

const written = (plan: Plan, status = 200) => withRevision(plan.revision, { plan }, status)

const files = {
  csv: { print: printCsv, type: "text/csv; charset=utf-8", name: "plan.csv" },
  text: { print: printText, type: "text/plain; charset=utf-8", name: "plan.txt" },
  mrt: { print: printNote, type: "text/plain; charset=utf-8", name: "note.txt" }
}

const plansGroup = groupOf(
  Api,
  "plans",
  Effect.fnUntraced(function* (handlers) {
    const plans = yield* Plans
    const revisions = yield* PlanRevisions
    const shares = yield* Shares
    const events = yield* PlanEvents
    const streams = yield* EventStreams
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ params, query }) {
        const { user } = yield* Caller
        return jsonAnswer(yield* plans.list(params.guild_id, user.id, query))
      }),
      create: Effect.fnUntraced(function* ({ params, payload }) {
        const { user } = yield* Caller
        return written(yield* plans.create(params.guild_id, user.id, payload), 201)
      }),
      get: Effect.fnUntraced(function* ({ params, request }) {
        const { user } = yield* Caller
        return tagged(yield* plans.get(params.plan_id, user.id, knownTags(request)))
      }),
      replace: Effect.fnUntraced(function* ({ params, request, payload }) {
        return written(yield* plans.replace(yield* askingOf({ params, request }), payload))
      }),
      change: Effect.fnUntraced(function* ({ params, request, payload }) {
        return written(yield* plans.change(yield* askingOf({ params, request }), payload.ops))
      }),
      remove: Effect.fnUntraced(function* ({ params, request }) {
        const revision = yield* plans.remove(yield* askingOf({ params, request }))
        return withRevision(revision)
      }),
      duplicate: Effect.fnUntraced(function* ({ params, payload }) {
        const { user } = yield* Caller
        return written(yield* plans.duplicate(params.plan_id, user.id, payload), 201)
      }),
      revisions: Effect.fnUntraced(function* ({ params, query }) {
        const { user } = yield* Caller
        return jsonAnswer(yield* revisions.list(params.plan_id, user.id, query))
      }),
      revision: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* Caller
        return jsonAnswer(yield* revisions.get(params.plan_id, user.id, params.revision))
      }),
      restore: Effect.fnUntraced(function* ({ params, request }) {
        return written(yield* revisions.restore(yield* askingOf({ params, request }), params.revision))
      }),
      diff: Effect.fnUntraced(function* ({ params, query }) {
        const { user } = yield* Caller
        return yield* revisions.diff(params.plan_id, user.id, query.from, query.to)
      }),
      events: Effect.fnUntraced(function* ({ params, request }) {
        const caller = yield* Caller
        const guild = yield* events.guildOf(params.plan_id, caller.user.id)
        return yield* streams.answer(caller, guild, events.of(params.plan_id, lastEventId(request)))
      }),
      coverage: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* Caller
        return { coverage: yield* plans.coverage(params.plan_id, user.id) }
      }),
      shares: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        return jsonAnswer(yield* shares.list(params.plan_id, user.id))
      }),
      share: Effect.fnUntraced(function* ({ params, payload }) {
        const { user } = yield* CurrentSession
        return { share: yield* shares.create(params.plan_id, user.id, payload?.expires_in_seconds ?? null) }
      }),
      unshare: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        yield* shares.revoke(params.plan_id, user.id, params.share_id)
      }),
      export: Effect.fnUntraced(function* ({ params, query }) {
        const { user } = yield* Caller
        const { tag, body } = yield* plans.get(params.plan_id, user.id, "")
        const { print, type, name } = files[query.format ?? "csv"]
        return HttpServerResponse.setHeaders(
          HttpServerResponse.text(print(parseJson(body!).plan), { contentType: type }),
          {
            etag: `"${tag}"`,
            "content-disposition": `attachment; filename="${name}"`
          }
        )
      })
    })
  })
)

/** Anybody's cache may keep it for a moment; no search engine may list it. */
const shownToAll = { "cache-control": "public, max-age=10", "x-robots-tag": "noindex" }

const sharedPlansGroup = groupOf(
  Api,
  "sharedPlans",
  Effect.fnUntraced(function* (handlers) {
    const shares = yield* Shares
    return handlers.handleAll({
      get: Effect.fnUntraced(function* ({ params }) {
        return HttpServerResponse.setHeaders(
          HttpServerResponse.jsonUnsafe(yield* shares.open(params.token)),
          shownToAll
        )
      })
    })
  })
)

/** Plans, and what links show of them. */
export const plansLayer = Layer.merge(plansGroup, sharedPlansGroup).pipe(
  Layer.provide([Plans.layer, PlanRevisions.layer, Shares.layer, PlanEvents.layer, EventStreams.layer])
)
