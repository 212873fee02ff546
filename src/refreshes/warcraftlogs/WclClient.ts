import { Clock, Context, Effect, Layer } from "effect"
import type { CharacterId, GearItem } from "../../characters/Character.ts"
import type { RaidRole } from "../../game/Game.ts"
import type { GuildMember } from "../../game/GuildMember.ts"
import { gameVersions } from "../../game/GameVersions.ts"
import type { RealmSlug } from "../../game/Realm.ts"
import { AppConfig } from "../../infra/AppConfig.ts"
import { ProviderRateLimited, ProviderUnavailable } from "../../infra/upstream/ProviderErrors.ts"
import { Unanswered, type UpstreamError } from "../../infra/upstream/Upstream.ts"
import { UpstreamHttp } from "../../infra/upstream/UpstreamHttp.ts"
import { type ChosenFight, type FightRead, mayHold, type Missed, mostFights } from "./ChosenFights.ts"
import { fightCache } from "./FightCache.ts"
import { findIn, readFight } from "./Gear.ts"
import { firstPageQuery, otherPagesQuery, readMembers } from "./GuildMembers.ts"
import { fightQuery, fightVariables, sheetsQuery, sheetsVariables } from "./Queries.ts"
import type { LoggedKill, Sheet, SheetAsked, WclRankings } from "./Sheet.ts"
import { isImpossible, readSheets, sentences, unknownSheet, unreadSheet } from "./Sheets.ts"
import { notUnderstood, queryRefused, wclApi } from "./WclApi.ts"
import { QuotaSpent, WclQuota } from "./WclQuota.ts"

export interface WclQuestion {
  readonly name: string
  /** Name or slug of the realm. */
  readonly server: string
  /** The slug of it. Warcraft Logs has no list to look it up in, so it is found elsewhere, within our limit. */
  readonly realm: Effect.Effect<RealmSlug>
  readonly region: string
  readonly role: RaidRole
  readonly class: string | null
}

/**
 * A snapshot to store. `gear` and `rankings` are undefined if they could not be read this time or were not requested.
 * The stored ones are then kept; for rankings, so is what belongs to them.
 */
export interface WclCharacter extends WclRankings {
  readonly gear: ReadonlyArray<GearItem> | undefined
}

/** Milliseconds; equipment that takes longer is left out. */
const gearLimit = 5000
/** Of requests in bulk, whose fields Warcraft Logs finds one after the other. */
const bulkLimit = "30 seconds"
/** About what requests cost, in points: unverified, and corrected by the next answer. */
const costOf = { character: 4, request: 1, fight: 5 }
const sheetsCost = (count: number) => costOf.request + count * costOf.character

type FightOf = Omit<LoggedKill, "players">
type Guild = Pick<WclQuestion, "name" | "server" | "realm" | "region">

/** Warcraft Logs, for one character and for many. */
export class WclClient extends Context.Service<
  WclClient,
  {
    /** Completes within 5.3 s. Unknown and hidden characters are successes with that in `error`. */
    readonly character: (
      question: WclQuestion
    ) => Effect.Effect<WclCharacter, ProviderUnavailable | ProviderRateLimited>
    /**
     * Rankings and recent reports of 1 to 10 characters in one request, in that order. One that cannot be read costs no
     * other: it is a sheet with the fault, at most after a few requests more that find out which it is.
     */
    readonly sheets: (
      asked: ReadonlyArray<SheetAsked>
    ) => Effect.Effect<ReadonlyArray<Sheet>, ProviderUnavailable | QuotaSpent>
    /** The gear of everyone in a fight, in one request, or none if the fight is of a finished report and known. */
    readonly fight: (chosen: ChosenFight) => Effect.Effect<FightRead, ProviderUnavailable | QuotaSpent>
    /** The members of the guild of that name. Null if Warcraft Logs knows none. Completes within 5.3 s. */
    readonly guild: (
      question: Guild
    ) => Effect.Effect<ReadonlyArray<GuildMember> | null, ProviderUnavailable | ProviderRateLimited>
    /** The owner of the quota: our client id at this API. */
    readonly account: string
  }
>()("refreshes/warcraftlogs/WclClient") {
  static readonly layerNoDeps = Layer.effect(
    WclClient,
    Effect.gen(function* () {
      const { wcl, bnet } = yield* AppConfig
      const quota = yield* WclQuota
      const cache = yield* fightCache
      const { account, ask, delay, turn, upstream } = yield* wclApi
      const version = gameVersions.has(bnet.gameVersion) ? bnet.gameVersion : "classic"

      const askSheets = Effect.fnUntraced(function* (asked: ReadonlyArray<SheetAsked>) {
        const { data, errors } = yield* ask(
          sheetsQuery(asked),
          sheetsVariables(asked, wcl.zoneId),
          sheetsCost(asked.length)
        )
        const now = yield* Clock.currentTimeMillis
        const found = readSheets(asked, data, { errors, now, version, zoneId: wcl.zoneId, skipGear: wcl.skipGear })
        return found ?? (yield* errors.length > 0 ? queryRefused : notUnderstood)
      })

      const knownFight = (fight: FightOf) => (fight.finished ? cache.get(fight) : Effect.undefined)

      const askFight = Effect.fnUntraced(function* (fight: FightOf) {
        const found = readFight((yield* ask(fightQuery, fightVariables(fight), costOf.fight)).data)
        if (found === undefined) return yield* notUnderstood
        if (fight.finished && found.actors.length > 0) yield* cache.put(fight, found)
        return found
      })

      /** Searches kills for the character's equipment, newest first; "none" if none of them has it. */
      const findGear = Effect.fnUntraced(function* ({ character, reports, ...sought }: Sheet) {
        const missed: Array<Missed> = []
        let left = mostFights
        for (const kill of reports) {
          if (!mayHold(kill, missed)) continue
          let data = yield* knownFight(kill)
          if (data === undefined) {
            if (left-- === 0) break
            yield* delay
            data = yield* askFight(kill)
          }
          const { actor, gear } = findIn(data, sought)
          if (gear !== undefined) return gear
          missed.push({ character, code: kill.code, fight: kill.fight, actor: actor ?? null })
        }
        return "none" as const
      })

      const gearOf = Effect.fnUntraced(function* (sheet: Sheet, until: number) {
        if (sheet.reports.length === 0) return { gear: undefined, error: null }
        const gear = yield* upstream.spare(until, findGear(sheet))
        if (gear === undefined) return { gear, error: sentences.gear }
        return gear === "none" ? { gear: undefined, error: sentences.noGear } : { gear, error: null }
      })

      const withGear = (found: WclRankings, gear: WclCharacter["gear"], error: string | null) => {
        const errors = [found.error, error].filter((each) => each !== null)
        return {
          ...found,
          gear: found.erases ? [] : gear,
          partial: found.partial || error !== null,
          error: errors.length > 0 ? errors.join(" ") : null
        } satisfies WclCharacter as WclCharacter
      }

      const refresh = Effect.fnUntraced(function* (asked: SheetAsked) {
        const until = (yield* Clock.currentTimeMillis) + gearLimit
        const sheet = (yield* askSheets([asked]))[0]!
        if (typeof sheet === "string") return yield* Unanswered.because(sheet)
        if (sheet.found.rankings === undefined) {
          yield* Effect.logWarning("A provider returned no rankings").pipe(
            Effect.annotateLogs({ provider: "warcraftlogs" })
          )
        }
        const { gear, error } = yield* gearOf(sheet, until)
        return withGear(sheet.found, gear, error)
      })

      const asked = ({ name, server, region, role, class: typed }: WclQuestion, realm: RealmSlug): SheetAsked => ({
        // Not used: there is only one.
        character: "" as CharacterId,
        game_version: null,
        class: typed,
        name,
        server,
        region,
        role,
        realm
      })

      const forOne = <A>(operation: Effect.Effect<A, UpstreamError>) =>
        upstream.guard(operation).pipe(
          Effect.catchTags({
            Throttled: ({ retryAfter }) => new ProviderRateLimited({ retryAfter }),
            Unanswered: ({ retryAfter }) => new ProviderUnavailable({ retryAfter })
          })
        )

      const character = Effect.fn("WclClient.character")(function* (who: WclQuestion) {
        if (isImpossible(who)) {
          return withGear(unknownSheet(asked(who, { slug: "", guessed: false })).found, [], null)
        }
        return yield* forOne(Effect.flatMap(who.realm, (realm) => refresh(asked(who, realm))))
      })

      /** In its turn, if the points allow it. A 429 is for the caller to wait out. */
      const inBulk = <A>(cost: number, operation: Effect.Effect<A, UpstreamError>) =>
        quota.take(cost).pipe(
          Effect.andThen(turn),
          Effect.andThen(upstream.guard(operation, bulkLimit)),
          Effect.catchTags({
            Throttled: Effect.fnUntraced(function* ({ retryAfter }) {
              const until = (yield* Clock.currentTimeMillis) + retryAfter * 1000
              return yield* new QuotaSpent({ until, reason: "retry-after" })
            }),
            Unanswered: ({ retryAfter }) => new ProviderUnavailable({ retryAfter })
          })
        )

      /** One of them may spoil the answer for all: then each half is asked without the other. */
      const askApart = (
        part: ReadonlyArray<SheetAsked>
      ): Effect.Effect<ReadonlyArray<Sheet | undefined>, UpstreamError> =>
        askSheets(part).pipe(
          Effect.map((found) => found.map((sheet) => (typeof sheet === "string" ? undefined : sheet))),
          Effect.catchIf(
            (error) => error === queryRefused && part.length > 1,
            () => {
              const half = Math.ceil(part.length / 2)
              const ask = (some: ReadonlyArray<SheetAsked>) => Effect.andThen(turn, askAlone(some))
              return Effect.map(Effect.all([ask(part.slice(0, half)), ask(part.slice(half))]), (both) => both.flat())
            }
          )
        )

      const askAlone = (part: ReadonlyArray<SheetAsked>) =>
        Effect.catchIf(
          askApart(part),
          (error) => error === queryRefused,
          () => Effect.succeed([undefined])
        )

      const sheets = Effect.fn("WclClient.sheets")(function* (all: ReadonlyArray<SheetAsked>) {
        const possible = all.filter((one) => !isImpossible(one))
        if (possible.length === 0) return all.map(unknownSheet)
        const answers = yield* inBulk(
          sheetsCost(possible.length),
          // If there is an answer for none of them, it is not for what they are called.
          Effect.filterOrElse(
            askApart(possible),
            (found) => found.some((sheet) => sheet !== undefined),
            () => queryRefused
          )
        )
        const found = new Map(possible.map((one, at) => [one, answers[at] ?? unreadSheet(one)]))
        return all.map((one) => found.get(one) ?? unknownSheet(one))
      })

      const fight = Effect.fn("WclClient.fight")(function* (chosen: ChosenFight) {
        const known = yield* knownFight(chosen)
        const data = known ?? (yield* inBulk(costOf.fight, askFight(chosen)))
        const gear = new Map<CharacterId, ReadonlyArray<GearItem>>()
        const missed: Array<Missed> = []
        for (const { character: id, ...sought } of chosen.characters) {
          const found = findIn(data, sought)
          if (found.gear !== undefined) gear.set(id, found.gear)
          else missed.push({ character: id, code: chosen.code, fight: chosen.fight, actor: found.actor ?? null })
        }
        return { gear, missed, requests: known === undefined ? (1 as const) : (0 as const) } satisfies FightRead
      })

      const fetchGuild = Effect.fnUntraced(function* (which: Guild) {
        const realm = yield* which.realm
        const variables = {
          name: which.name.normalize("NFC").trim(),
          serverSlug: realm.slug,
          serverRegion: which.region.toLowerCase()
        }
        const first = yield* ask(firstPageQuery, variables, 2)
        const found = readMembers(first.data, realm.slug)
        if (found === undefined) return yield* first.errors.length > 0 ? queryRefused : notUnderstood
        if (found === null) {
          if (first.errors.length > 0) return yield* queryRefused
          return realm.guessed ? yield* Unanswered.because("realm not resolved") : null
        }
        if (found.last === 1) return found.members
        yield* delay
        const rest = readMembers((yield* ask(otherPagesQuery(found.last), variables, found.last)).data, realm.slug)
        return rest ? [...found.members, ...rest.members] : yield* notUnderstood
      })

      const guild = Effect.fn("WclClient.guild")((which: Guild) =>
        isImpossible(which) ? Effect.succeed(null) : forOne(fetchGuild(which))
      )

      return WclClient.of({ character, sheets, fight, guild, account })
    })
  )

  static readonly layer = WclClient.layerNoDeps.pipe(Layer.provide([UpstreamHttp.layer, WclQuota.layer]))
}
