import { Clock, Context, Effect, Layer, Option, Schema } from "effect"
import { HttpClientRequest } from "effect/http"
import type { GearItem, Ranking, WarcraftlogsSnapshot } from "../../characters/Character.ts"
import type { RaidRole } from "../../game/Game.ts"
import { AppConfig } from "../../infra/AppConfig.ts"
import { version } from "../../infra/Version.ts"
import { orNull } from "../../infra/upstream/Lenient.ts"
import { ProviderRateLimited, ProviderUnavailable } from "../../infra/upstream/ProviderErrors.ts"
import { UpstreamHttp } from "../../infra/upstream/UpstreamHttp.ts"
import { Throttled, Unanswered } from "../../infra/upstream/Upstream.ts"
import { clientCredentials } from "../../infra/upstream/ClientCredentials.ts"
import { type RealmSlug, realmSlug } from "../../game/Realm.ts"
import { pathSegment } from "../../infra/upstream/PathSegment.ts"
import type { GuildMember } from "../../game/GuildMember.ts"
import { firstPageQuery, otherPagesQuery, readMembers } from "./GuildMembers.ts"
import { newestKills, readFight, RecentReports } from "./Gear.ts"
import type { Kill, Sought } from "./Gear.ts"
import { characterQuery, fightQuery } from "./Queries.ts"
import { noRankings, readRankings } from "./Rankings.ts"

export interface WclQuestion {
  readonly name: string
  /** Name or slug of the realm. */
  readonly server: string
  /** The slug of it. Warcraft Logs has no list to look it up in, so it is found elsewhere, within our limit. */
  readonly realm: Effect.Effect<RealmSlug>
  readonly region: string
  readonly role: RaidRole
}

/**
 * A snapshot to store. `gear` and `rankings` are undefined if they could not be read this time or were not requested.
 * The stored ones are then kept; for rankings, so are the zone, metric, averages and kills.
 */
export interface WclCharacter extends Omit<WarcraftlogsSnapshot, "fetched_at" | "gear" | "rankings"> {
  readonly gear: ReadonlyArray<GearItem> | undefined
  readonly rankings: ReadonlyArray<Ranking> | undefined
}

const sentences = {
  unknown: "Warcraft Logs does not know this character.",
  hidden: "This character's logs are hidden on Warcraft Logs.",
  rankings: "The rankings could not be read from Warcraft Logs this time.",
  gear: "The equipment could not be read from Warcraft Logs this time.",
  noGear: "Warcraft Logs shows no equipment for this character in the latest kills."
}

const nothing = (error: string): WclCharacter => ({ ...noRankings, gear: [], rankings: [], partial: false, error })

const Reply = Schema.Struct({
  data: orNull(Schema.Record(Schema.String, Schema.Unknown)),
  errors: orNull(Schema.Array(Schema.Struct({ message: orNull(Schema.String) })))
})

const RateLimit = Schema.Struct({
  rateLimitData: Schema.Struct({
    limitPerHour: Schema.Finite,
    pointsSpentThisHour: Schema.Finite,
    pointsResetIn: Schema.Finite
  })
})

const CharacterReply = Schema.Struct({
  characterData: Schema.Struct({
    character: Schema.NullOr(
      Schema.Struct({
        hidden: orNull(Schema.Boolean),
        server: orNull(Schema.Struct({ name: Schema.String, slug: Schema.String })),
        zoneRankings: orNull(Schema.Unknown),
        recentReports: orNull(RecentReports)
      })
    )
  })
})

const decodeReply = Schema.decodeUnknownOption(Reply)
const decodeRateLimit = Schema.decodeUnknownOption(RateLimit)
const decodeCharacter = Schema.decodeUnknownOption(CharacterReply)

const notUnderstood = Unanswered.because("not understood")

/** Texts that can be no name or realm need no question. */
const isImpossible = ({ name, server }: Pick<WclQuestion, "name" | "server">) =>
  [name, realmSlug(server)].some((part) => pathSegment(part.trim()) === undefined)

/** How many requests one refresh may use to find the equipment. */
const reportRequests = 3
/** Milliseconds; equipment that takes longer is left out. */
const gearLimit = 5000

/** Warcraft Logs' GraphQL API v2 (https://www.warcraftlogs.com/v2-api-docs/warcraft/), with client credentials. */
export class WclClient extends Context.Service<
  WclClient,
  {
    /** Completes within 5.3 s. Unknown and hidden characters are successes with that in `error`. */
    readonly character: (
      question: WclQuestion
    ) => Effect.Effect<WclCharacter, ProviderUnavailable | ProviderRateLimited>
    /** The members of the guild of that name. Null if Warcraft Logs knows none. Completes within 5.3 s. */
    readonly guild: (
      question: Omit<WclQuestion, "role">
    ) => Effect.Effect<ReadonlyArray<GuildMember> | null, ProviderUnavailable | ProviderRateLimited>
    /** The owner of the quota: our client id at this API. */
    readonly account: string
    /** Milliseconds until the quota resets; 0 if it is not exhausted. */
    readonly spentFor: Effect.Effect<number>
  }
>()("refreshes/warcraftlogs/WclClient") {
  static readonly layerNoDeps = Layer.effect(
    WclClient,
    Effect.gen(function* () {
      const { wcl, frontendOrigin } = yield* AppConfig
      const upstream = (yield* UpstreamHttp).open(
        "warcraftlogs",
        `raid-composition-backend/${version} (+${frontendOrigin})`
      )
      const send = yield* clientCredentials("warcraftlogs", upstream, wcl)

      /** The data of a query, and whether errors left it incomplete. */
      const ask = Effect.fnUntraced(function* (query: string, variables: Readonly<Record<string, unknown>>) {
        const { status, json } = yield* send(
          HttpClientRequest.post(wcl.endpoint).pipe(HttpClientRequest.bodyJsonUnsafe({ query, variables }))
        )
        if (status >= 400) return yield* Unanswered.because(`status ${status}`)
        const reply = Option.getOrUndefined(decodeReply(json))
        if (reply === undefined) return yield* notUnderstood
        const errors = reply.errors ?? []
        if (errors.some(({ message }) => /rate.?limit/i.test(message ?? ""))) {
          yield* upstream.spend(60)
          return yield* new Throttled({ retryAfter: 60 })
        }
        if (reply.data === null)
          return yield* Unanswered.because(errors.length > 0 ? "query refused" : "not understood")
        yield* Option.match(decodeRateLimit(reply.data), {
          onNone: () => Effect.void,
          onSome: ({ rateLimitData: { limitPerHour, pointsSpentThisHour, pointsResetIn } }) =>
            pointsSpentThisHour < limitPerHour ? Effect.void : upstream.spend(pointsResetIn)
        })
        return { data: reply.data, incomplete: errors.length > 0 }
      })

      /** Searches kills for the character's equipment; "none" if none of them has it. */
      const findGear = Effect.fnUntraced(function* (kills: ReadonlyArray<Kill>, sought: Sought) {
        const actors = new Map<string, number | undefined>()
        let left = reportRequests
        for (const { code, fight } of kills) {
          const actor = actors.get(code)
          const absent = actor === undefined ? actors.has(code) : fight.friendlyPlayers?.includes(actor) === false
          if (absent) continue
          if (left-- === 0) break
          yield* Effect.sleep(wcl.delayMs)
          const { data } = yield* ask(fightQuery, {
            code,
            fight: fight.id,
            startTime: fight.startTime,
            endTime: fight.endTime + 1
          })
          const found = readFight(data, sought)
          if (found === undefined) return yield* notUnderstood
          if (found.gear !== undefined) return found.gear
          actors.set(code, found.actor)
        }
        return "none" as const
      })

      const gearOf = Effect.fnUntraced(function* (kills: ReadonlyArray<Kill>, sought: Sought, until: number) {
        if (wcl.skipGear || kills.length === 0) return { gear: undefined, error: null }
        const gear = yield* upstream.spare(until, findGear(kills, sought))
        if (gear === undefined) return { gear, error: sentences.gear }
        return gear === "none" ? { gear: undefined, error: sentences.noGear } : { gear, error: null }
      })

      const refresh = Effect.fnUntraced(function* (who: WclQuestion) {
        const until = (yield* Clock.currentTimeMillis) + gearLimit
        const metric = who.role === "heal" ? "hps" : "dps"
        const zoneId = wcl.zoneId
        const realm = yield* who.realm
        const { data, incomplete } = yield* ask(characterQuery(metric), {
          name: who.name.normalize("NFC").trim(),
          serverSlug: realm.slug,
          serverRegion: who.region.toLowerCase(),
          // Without it the query means the newest zone.
          ...(zoneId === undefined ? {} : { zoneID: zoneId })
        })
        const reply = Option.getOrUndefined(decodeCharacter(data))
        if (reply === undefined) return yield* notUnderstood
        const { character } = reply.characterData
        if (character === null) {
          if (incomplete) return yield* Unanswered.because("query refused")
          return realm.guessed ? yield* Unanswered.because("realm not resolved") : nothing(sentences.unknown)
        }
        const missing = incomplete && character.zoneRankings === null
        const rankings = missing ? undefined : readRankings(character.zoneRankings, { metric, zoneId })
        if (character.hidden === true || rankings === "hidden") return nothing(sentences.hidden)
        if (rankings === undefined) {
          yield* Effect.logWarning("A provider returned no rankings").pipe(
            Effect.annotateLogs({ provider: "warcraftlogs" })
          )
        }
        const kills = newestKills(character.recentReports ?? { data: [] })
        const servers = [who.server, character.server?.name, character.server?.slug].filter(
          (each) => each !== undefined
        )
        const { gear, error } = yield* gearOf(kills, { name: who.name, servers }, until)
        const errors = [rankings === undefined ? sentences.rankings : null, error].filter((each) => each !== null)
        return {
          ...(rankings ?? noRankings),
          gear,
          partial: errors.length > 0,
          error: errors.length > 0 ? errors.join(" ") : null
        }
      })

      const character = Effect.fn("WclClient.character")(
        function* (who: WclQuestion) {
          return isImpossible(who) ? nothing(sentences.unknown) : yield* upstream.guard(refresh(who))
        },
        Effect.catchTags({
          Throttled: ({ retryAfter }) => new ProviderRateLimited({ retryAfter }),
          Unanswered: ({ retryAfter }) => new ProviderUnavailable({ retryAfter })
        })
      )

      const fetchGuild = Effect.fnUntraced(function* (which: Omit<WclQuestion, "role">) {
        const realm = yield* which.realm
        const variables = {
          name: which.name.normalize("NFC").trim(),
          serverSlug: realm.slug,
          serverRegion: which.region.toLowerCase()
        }
        const first = yield* ask(firstPageQuery, variables)
        const found = readMembers(first.data, realm.slug)
        if (found === undefined) return yield* first.incomplete ? Unanswered.because("query refused") : notUnderstood
        if (found === null) {
          if (first.incomplete) return yield* Unanswered.because("query refused")
          return realm.guessed ? yield* Unanswered.because("realm not resolved") : null
        }
        if (found.last === 1) return found.members
        yield* Effect.sleep(wcl.delayMs)
        const rest = readMembers((yield* ask(otherPagesQuery(found.last), variables)).data, realm.slug)
        return rest ? [...found.members, ...rest.members] : yield* notUnderstood
      })

      const guild = Effect.fn("WclClient.guild")(
        (which: Omit<WclQuestion, "role">) =>
          isImpossible(which) ? Effect.succeed(null) : upstream.guard(fetchGuild(which)),
        Effect.catchTags({
          Throttled: ({ retryAfter }) => new ProviderRateLimited({ retryAfter }),
          Unanswered: ({ retryAfter }) => new ProviderUnavailable({ retryAfter })
        })
      )

      return WclClient.of({ character, guild, account: `${wcl.clientId}@${wcl.endpoint}`, spentFor: upstream.spentFor })
    })
  )

  static readonly layer = WclClient.layerNoDeps.pipe(Layer.provide(UpstreamHttp.layer))
}
