import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import { wordsOf } from "../game/GameVersions.ts"
import type { GuildId, GuildNotFound } from "../guilds/Guild.ts"
import { orGuildNotFound } from "../guilds/Guilds.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { Tagged } from "../http/ETag.ts"
import type { JsonText } from "../http/JsonText.ts"
import { OfficerRequired } from "../roster/Roster.ts"
import type { Coverage } from "../rulesets/Coverage.ts"
import type { RulesetNotFound } from "../rulesets/Ruleset.ts"
import { rulesets } from "../rulesets/Rulesets.ts"
import { changesBetween } from "./Layout.ts"
import {
  type Plan,
  type PlanConflict,
  type PlanId,
  PlanInvalid,
  type PlanNotFound,
  type Raid,
  TooManyPlans
} from "./Plan.ts"
import { coverageOfPlan } from "./PlanCoverage.ts"
import type { Duplicate, NewPlan, Op, WrittenPlan } from "./PlanBodies.ts"
import { asOfficer, type Asking, orPlanNotFound, PlanEdits, type WriteRefusal } from "./PlanEdits.ts"
import { type PlansPage, PlansRepo } from "./PlansRepo.ts"
import { type PlanState, writesOf } from "./PlanState.ts"
import { PlanWritesRepo } from "./PlanWritesRepo.ts"
import { Cast, checked, Draft, orConflict, raidOf } from "./Seating.ts"
import { Reader } from "./Written.ts"

/** The effects that count unless a plan says otherwise, by the guild's game version. */
const rulesetOf = (version: string) => (version === "classic1x" ? "classic-era@1" : "tbc-anniversary@1")

const unknownRuleset = { field: "ruleset", reason: "is no ruleset" }

const entriesOf = (raids: WrittenPlan["raids"]) =>
  raids.flatMap(({ groups, bench }) => [
    ...groups.flat().flatMap((seat) => (seat === null ? [] : [seat.entry_id])),
    ...bench.map(({ entry_id }) => entry_id)
  ])

const entriesIn = (op: Op): ReadonlyArray<string> => {
  if (op.op === "swap") return [op.a, op.b]
  return op.op === "set_raid" ? [] : [op.entry_id]
}

const later = (moment: string | null, days: number) =>
  moment === null ? null : new Date(Date.parse(moment) + days * 86_400_000).toISOString()

const withoutGone = (raid: Raid, shift: number): Raid => ({
  ...raid,
  starts_at: later(raid.starts_at, shift),
  groups: raid.groups.map((seats) => seats.map((seat) => (seat?.gone === true ? null : seat))),
  bench: raid.bench.filter(({ gone }) => !gone)
})

/** Plans of a guild's raids. For users who are not members, a plan does not exist. */
export class Plans extends Context.Service<
  Plans,
  {
    /** What its seats give its raids. */
    readonly coverage: (
      id: PlanId,
      caller: UserId
    ) => Effect.Effect<Coverage, PlanNotFound | RulesetNotFound | DependencyUnavailable>
    /** A page, newest first. */
    readonly list: (
      guild: GuildId,
      caller: UserId,
      options: { readonly limit?: number | undefined; readonly cursor?: string | undefined }
    ) => Effect.Effect<JsonText<PlansPage>, GuildNotFound | DependencyUnavailable>
    readonly create: (
      guild: GuildId,
      caller: UserId,
      plan: NewPlan
    ) => Effect.Effect<Plan, GuildNotFound | OfficerRequired | PlanInvalid | TooManyPlans | DependencyUnavailable>
    readonly get: (
      id: PlanId,
      caller: UserId,
      known: string
    ) => Effect.Effect<Tagged<{ readonly plan: Plan }>, PlanNotFound | DependencyUnavailable>
    /** Writes the whole seating. */
    readonly replace: (asking: Asking, plan: WrittenPlan) => Effect.Effect<Plan, WriteRefusal | PlanInvalid>
    /** Does all of them or none. */
    readonly change: (asking: Asking, ops: ReadonlyArray<Op>) => Effect.Effect<Plan, WriteRefusal | PlanInvalid>
    /** Answers its last revision. */
    readonly remove: (asking: Asking) => Effect.Effect<number, WriteRefusal>
    /** Makes a new plan with the same seats, but for whoever has left the roster. */
    readonly duplicate: (
      id: PlanId,
      caller: UserId,
      options: Duplicate
    ) => Effect.Effect<
      Plan,
      PlanNotFound | OfficerRequired | PlanInvalid | PlanConflict | TooManyPlans | DependencyUnavailable
    >
  }
>()("plans/Plans") {
  static readonly layer = Layer.effect(
    Plans,
    Effect.gen(function* () {
      const repo = yield* PlansRepo
      const writes = yield* PlanWritesRepo
      const edits = yield* PlanEdits

      const make = Effect.fnUntraced(function* (
        { characters, caller }: Pick<PlanState, "characters" | "caller">,
        plan: Pick<Plan, "guild_id" | "title" | "ruleset" | "raids">,
        doubled: ReadonlySet<string>,
        summary: string
      ) {
        const { guild_id, title, ruleset, raids } = plan
        const changes = { ...changesBetween({ title, raids: [] }, plan), title: { from: null, to: title } }
        const rows = writesOf({ characters, entries: [] }, plan, doubled, changes, summary)
        const made = yield* writes.create(guild_id, caller.user_id, ruleset, rows)
        if (made === "full") return yield* new TooManyPlans()
        if (made === undefined) return yield* new OfficerRequired()
        const { id, at } = made
        const ends = { created_by: caller, updated_by: caller, created_at: at, updated_at: at }
        return { id, guild_id, title, ruleset, revision: 1, raids, ...ends }
      })

      return Plans.of({
        list: (guild, caller, { limit = 50, cursor }) =>
          Effect.flatMap(repo.list(guild, caller, limit, cursor), orGuildNotFound),
        create: Effect.fn("Plans.create")(function* (guild, caller, written) {
          const reader = new Reader()
          const title = reader.title("title", written.title)
          const facts = written.raids.map((raid, index) => reader.raid(`raids.${index}`, raid))
          yield* reader.done
          const state = yield* Effect.flatMap(Effect.flatMap(writes.guild(guild, caller), orGuildNotFound), asOfficer)
          const { ruleset = rulesetOf(state.game_version) } = written
          if (!rulesets.has(ruleset)) return yield* new PlanInvalid({ details: { fields: [unknownRuleset] } })
          const raids = facts.map((raid) => raidOf(raid, [], []))
          const plan = { guild_id: guild, title, ruleset, raids }
          return yield* make({ characters: {}, caller: state.caller }, plan, new Set(), "Created.")
        }),
        coverage: (id, caller) =>
          Effect.flatMap(Effect.flatMap(repo.seated(id, caller), orPlanNotFound), coverageOfPlan),
        get: (id, caller, known) => Effect.flatMap(repo.plan(id, caller, known), orPlanNotFound),
        replace: Effect.fn("Plans.replace")(function* (asking, written) {
          const reader = new Reader()
          const title = written.title === undefined ? undefined : reader.title("title", written.title)
          const facts = written.raids.map((raid, index) => reader.raid(`raids.${index}`, raid))
          yield* reader.done
          return yield* edits.run(
            asking,
            { entries: entriesOf(written.raids) },
            Effect.fnUntraced(function* (state) {
              const cast = new Cast(state, wordsOf(state.game_version))
              const raids = yield* orConflict(() =>
                written.raids.map(({ groups, bench }, index) =>
                  raidOf(
                    facts[index]!,
                    groups.map((seats) => seats.map((seat) => seat && cast.seat(seat.entry_id, seat.spec))),
                    bench.map(({ entry_id, spec }) => cast.seat(entry_id, spec))
                  )
                )
              )
              return { title: title ?? state.plan.title, raids }
            })
          )
        }),
        change: Effect.fn("Plans.change")(function* (asking, ops) {
          const reader = new Reader()
          const read = ops.map((op, index): Op =>
            op.op === "set_raid" ? { op: op.op, raid: op.raid, ...reader.facts(`ops.${index}`, op) } : op
          )
          yield* reader.done
          return yield* edits.run(
            asking,
            { entries: ops.flatMap(entriesIn) },
            Effect.fnUntraced(function* (state) {
              const draft = new Draft(state.plan, new Cast(state, wordsOf(state.game_version)))
              yield* orConflict(() => read.forEach((op) => draft.run(op)))
              return { title: state.plan.title, raids: draft.raids }
            })
          )
        }),
        remove: (asking) =>
          Effect.map(
            edits.run(asking, { entries: [] }, () => Effect.succeed("remove" as const)),
            ({ revision }) => revision
          ),
        duplicate: Effect.fn("Plans.duplicate")(function* (id, caller, options) {
          const { shift_days = 7 } = options
          const reader = new Reader()
          const asked = options.title === undefined ? undefined : reader.title("title", options.title)
          yield* reader.done
          const found = yield* writes.state(id, caller, { entries: [] })
          const state = yield* Effect.flatMap(orPlanNotFound(found), asOfficer)
          const raids = state.plan.raids.map((raid) => withoutGone(raid, shift_days))
          const doubled = yield* orConflict(() => checked(state, raids))
          const { title, revision } = state.plan
          const plan = { ...state.plan, title: asked ?? title, raids }
          return yield* make(state, plan, doubled, `Copied from ${title}, revision ${revision}.`)
        })
      })
    })
  ).pipe(Layer.provide([PlansRepo.layer, PlanWritesRepo.layer, PlanEdits.layer]))
}
