import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import type { GuildId, GuildNotFound } from "../guilds/Guild.ts"
import { orGuildNotFound } from "../guilds/Guilds.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { type Asking, isOfficer } from "../roster/Edits.ts"
import { OfficerRequired, PreconditionRequired } from "../roster/Roster.ts"
import { type GuildOverrides, maxCharacters, OverridesStale } from "./GuildOverrides.ts"
import { OverridesRepo } from "./OverridesRepo.ts"
import { type Overrides, RulesetInvalid, RulesetNotFound } from "./Ruleset.ts"
import { rulesets } from "./Rulesets.ts"
import { valueFaults } from "./Words.ts"

export const findRuleset = (id: string) => {
  const found = rulesets.get(id)
  return found === undefined ? new RulesetNotFound() : Effect.succeed(found)
}

/** What effects are worth to a guild. For users who are not members, the guild does not exist. */
export class GuildRulesets extends Context.Service<
  GuildRulesets,
  {
    readonly get: (
      guild: GuildId,
      caller: UserId,
      ruleset: string
    ) => Effect.Effect<GuildOverrides, GuildNotFound | RulesetNotFound | DependencyUnavailable>
    /** Replaces all the guild's values of a ruleset. */
    readonly replace: (
      asking: Asking,
      ruleset: string,
      values: Overrides
    ) => Effect.Effect<
      GuildOverrides,
      | GuildNotFound
      | RulesetNotFound
      | RulesetInvalid
      | OfficerRequired
      | PreconditionRequired
      | OverridesStale
      | DependencyUnavailable
    >
  }
>()("rulesets/GuildRulesets") {
  static readonly layer = Layer.effect(
    GuildRulesets,
    Effect.gen(function* () {
      const repo = yield* OverridesRepo

      const get = Effect.fn("GuildRulesets.get")(function* (guild: GuildId, caller: UserId, id: string) {
        const found = yield* Effect.flatMap(repo.find(guild, caller, id), orGuildNotFound)
        yield* findRuleset(id)
        return found
      })

      const replace = Effect.fn("GuildRulesets.replace")(function* (
        { guild, caller, seen }: Asking,
        id: string,
        values: Overrides
      ) {
        const { ruleset } = yield* findRuleset(id)
        const faults = valueFaults(ruleset, values)
        if (JSON.stringify(values).length > maxCharacters) faults.push({ field: "values", reason: "are too many" })
        // Whoever may not write learns that first, as with the roster; an impossible revision writes nothing.
        const isRefused = faults.length > 0 || seen === undefined
        const written = yield* Effect.flatMap(
          repo.write(guild, caller, id, isRefused ? -1 : seen, isRefused ? {} : values),
          orGuildNotFound
        )
        if (!isOfficer({ role: written.caller_role })) return yield* new OfficerRequired()
        if (faults.length > 0) return yield* new RulesetInvalid({ details: { fields: faults } })
        if (seen === undefined) return yield* new PreconditionRequired()
        if (written.overrides === null) return yield* new OverridesStale({ details: { revision: written.revision } })
        return written.overrides
      })

      return GuildRulesets.of({ get, replace })
    })
  ).pipe(Layer.provide(OverridesRepo.layer))
}
