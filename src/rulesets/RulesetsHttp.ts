import { Effect, Layer } from "effect"
import { createHash } from "node:crypto"
import { Api } from "../Api.ts"
import { CurrentSession } from "../auth/SignedIn.ts"
import { groupOf } from "../http/Handlers.ts"
import { cacheable } from "../http/ETag.ts"
import { seenBy, withRevision } from "../roster/Revision.ts"
import { coverageOf } from "./Evaluate.ts"
import { findRuleset, GuildRulesets } from "./GuildRulesets.ts"
import { RulesetInvalid } from "./Ruleset.ts"
import { rulesets } from "./Rulesets.ts"
import { readSeating } from "./SeatingBody.ts"

const list = JSON.stringify({
  rulesets: [...rulesets.values()].map(({ ruleset: { id, label, game_version, effects } }) => ({
    id,
    label,
    game_version,
    effects: effects.length
  }))
})
const listed = { tag: createHash("sha256").update(list).digest("hex").slice(0, 16), body: list }

const rulesetsGroup = groupOf(Api, "rulesets", (handlers) =>
  Effect.succeed(
    handlers.handleAll({
      list: ({ request }) => Effect.succeed(cacheable(request, listed, "public, max-age=3600")),
      get: Effect.fnUntraced(function* ({ params, request }) {
        return cacheable(request, yield* findRuleset(params.ruleset), "public, max-age=31536000, immutable")
      })
    })
  )
)

const coverageGroup = groupOf(
  Api,
  "coverage",
  Effect.fnUntraced(function* (handlers) {
    const guildRulesets = yield* GuildRulesets
    return handlers.handleAll({
      evaluate: Effect.fnUntraced(function* ({ params, payload }) {
        const { ruleset } = yield* findRuleset(params.ruleset)
        const { seating, faults } = readSeating(ruleset, payload)
        if (faults.length > 0) return yield* new RulesetInvalid({ details: { fields: faults } })
        return { coverage: coverageOf(ruleset, payload.values ?? {}, seating) }
      }),
      overrides: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        const overrides = yield* guildRulesets.get(params.guild_id, user.id, params.ruleset)
        return withRevision(overrides.revision, { overrides })
      }),
      replaceOverrides: Effect.fnUntraced(function* ({ params, request, payload }) {
        const { user } = yield* CurrentSession
        const asking = { guild: params.guild_id, caller: user.id, seen: seenBy(request) }
        const overrides = yield* guildRulesets.replace(asking, params.ruleset, payload.values)
        return withRevision(overrides.revision, { overrides })
      })
    })
  })
).pipe(Layer.provide(GuildRulesets.layer))

export const rulesetsLayer = Layer.merge(rulesetsGroup, coverageGroup)
