import { Context, Effect, Layer, Schema } from "effect"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { Tagged } from "../http/ETag.ts"
import {
  AdminRequired,
  type GuildId,
  GuildNotFound,
  InvalidRole,
  LastAdmin,
  type Member,
  MemberNotFound,
  GuildRole
} from "./Guild.ts"
import { orGuildNotFound } from "./Guilds.ts"
import { type MemberChange, MembersRepo } from "./MembersRepo.ts"

const decodeRole = Schema.decodeUnknownEffect(GuildRole)

type Refused = GuildNotFound | AdminRequired | MemberNotFound | LastAdmin | DependencyUnavailable

/** The members of a guild and their roles. A guild always has an admin. */
export class Members extends Context.Service<
  Members,
  {
    readonly list: (
      guild: GuildId,
      caller: UserId,
      known: string
    ) => Effect.Effect<Tagged<{ readonly members: ReadonlyArray<Member> }>, GuildNotFound | DependencyUnavailable>
    /** An admin can set any role for any member, including themselves. */
    readonly setRole: (
      guild: GuildId,
      caller: UserId,
      target: UserId,
      role: string
    ) => Effect.Effect<Member, InvalidRole | Refused>
    /** An admin can remove any member, and any member can leave. Both can return with an invite. */
    readonly remove: (guild: GuildId, caller: UserId, target: UserId) => Effect.Effect<void, Refused>
  }
>()("guilds/Members") {
  static readonly layer = Layer.effect(
    Members,
    Effect.gen(function* () {
      const repo = yield* MembersRepo

      const explain = (mayAsk: (change: MemberChange) => boolean) => (change: MemberChange) => {
        if (!mayAsk(change)) return new AdminRequired()
        if (!change.found) return new MemberNotFound()
        return change.member === null ? new LastAdmin() : Effect.succeed(change.member)
      }

      return Members.of({
        list: (guild, caller, known) => Effect.flatMap(repo.list(guild, caller, known), orGuildNotFound),
        setRole: Effect.fnUntraced(function* (guild, caller, target, role) {
          const decoded = yield* decodeRole(role).pipe(Effect.mapError(() => new InvalidRole()))
          const change = yield* Effect.flatMap(repo.setRole(guild, caller, target, decoded), orGuildNotFound)
          return yield* explain(({ caller_role }) => caller_role === "admin")(change)
        }),
        remove: Effect.fnUntraced(function* (guild, caller, target) {
          const change = yield* Effect.flatMap(repo.remove(guild, caller, target), orGuildNotFound)
          yield* explain(({ caller_role }) => caller_role === "admin" || caller === target)(change)
        })
      })
    })
  ).pipe(Layer.provide(MembersRepo.layer))
}
