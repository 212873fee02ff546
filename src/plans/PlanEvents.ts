import { Context, Effect, Layer, Stream } from "effect"
import type { UserId } from "../auth/User.ts"
import type { GuildId } from "../guilds/Guild.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { StreamEvent } from "../http/EventStream.ts"
import { Notices } from "../infra/Notices.ts"
import type { PlanId, PlanNotFound, Written } from "./Plan.ts"
import { orPlanNotFound } from "./PlanEdits.ts"
import { PlansRepo } from "./PlansRepo.ts"

/** What those who look at a plan are told. */
export class PlanEvents extends Context.Service<
  PlanEvents,
  {
    /** The guild whose members may listen to a plan, for one of them. */
    readonly guildOf: (id: PlanId, caller: UserId) => Effect.Effect<GuildId, PlanNotFound | DependencyUnavailable>
    /** Its revision now, unless `after` is that, each new one, and the end of the plan. */
    readonly of: (id: PlanId, after: string | undefined) => Stream.Stream<StreamEvent, DependencyUnavailable>
  }
>()("plans/PlanEvents") {
  static readonly layer = Layer.effect(
    PlanEvents,
    Effect.gen(function* () {
      const repo = yield* PlansRepo
      const notices = yield* Notices

      const read = Effect.fnUntraced(function* (id: PlanId, notice: string) {
        const [revision, by, end] = notice.split(" ")
        const data = by === undefined ? yield* repo.written(id) : { revision: Number(revision), by: by as UserId }
        return data && { id: data.revision, event: end ?? "revision", data }
      })

      return PlanEvents.of({
        guildOf: (id, caller) => Effect.flatMap(repo.guildOf(id, caller), orPlanNotFound),
        of: (id, after) =>
          Stream.suspend(() => {
            let told: number | undefined
            const isNews = ({ data: { revision } }: { readonly data: Written }) => {
              const isKnown = told === undefined ? String(revision) === after : revision <= told
              told = Math.max(told ?? 0, revision)
              return !isKnown
            }
            return notices.of("plan", id).pipe(
              Stream.mapEffect((notice) => read(id, notice)),
              Stream.takeWhile((event) => event !== undefined),
              Stream.filter(isNews),
              Stream.takeUntil(({ event }) => event === "deleted")
            )
          })
      })
    })
  ).pipe(Layer.provide([PlansRepo.layer, Notices.layer]))
}
