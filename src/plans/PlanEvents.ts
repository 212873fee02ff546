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
    /** Its revision now, unless `after` is that, and each new one; ends with the plan. */
    readonly of: (id: PlanId, after: string | undefined) => Stream.Stream<StreamEvent, DependencyUnavailable>
  }
>()("plans/PlanEvents") {
  static readonly layer = Layer.effect(
    PlanEvents,
    Effect.gen(function* () {
      const repo = yield* PlansRepo
      const notices = yield* Notices

      const read = (id: PlanId, notice: string): Effect.Effect<Written | undefined, DependencyUnavailable> => {
        const [revision, by] = notice.split(" ")
        return by === undefined ? repo.written(id) : Effect.succeed({ revision: Number(revision), by: by as UserId })
      }

      return PlanEvents.of({
        guildOf: (id, caller) => Effect.flatMap(repo.guildOf(id, caller), orPlanNotFound),
        of: (id, after) =>
          Stream.suspend(() => {
            let told: number | undefined
            const isNews = ({ revision }: Written) => {
              const isKnown = told === undefined ? String(revision) === after : revision <= told
              told = Math.max(told ?? 0, revision)
              return !isKnown
            }
            return notices.of("plan", id).pipe(
              Stream.mapEffect((notice) => read(id, notice)),
              Stream.takeWhile((written) => written !== undefined),
              Stream.filter(isNews),
              Stream.map((data) => ({ id: data.revision, event: "revision", data }))
            )
          })
      })
    })
  ).pipe(Layer.provide([PlansRepo.layer, Notices.layer]))
}
