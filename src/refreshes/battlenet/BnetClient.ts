import { Clock, Context, Effect, Layer } from "effect"
import { HttpClientRequest } from "effect/http"
import type { Region } from "../../game/Game.ts"
import { gameVersions } from "../../game/GameVersions.ts"
import type { GuildMember } from "../../game/GuildMember.ts"
import { AppConfig } from "../../infra/AppConfig.ts"
import { version } from "../../infra/Version.ts"
import { guildSlug, readGuildRoster } from "./GuildRoster.ts"
import { isUnknownCharacter, readProfile, readRealms } from "./Profile.ts"
import { begunWith, type BnetCharacter, completedBy, documents, type Reading, unknownReading } from "./Reading.ts"
import { ProviderRateLimited, ProviderUnavailable, RegionUnsupported } from "../../infra/upstream/ProviderErrors.ts"
import { type Rate, sharedUpstream } from "../../infra/upstream/SharedUpstream.ts"
import { UpstreamHttp } from "../../infra/upstream/UpstreamHttp.ts"
import { Unanswered, type UpstreamError } from "../../infra/upstream/Upstream.ts"
import { clientCredentials } from "../../infra/upstream/ClientCredentials.ts"
import { characterKey, type RealmSlug, realmSlug } from "../../game/Realm.ts"
import { pathSegment } from "../../infra/upstream/PathSegment.ts"
import { realmIndex } from "./RealmIndex.ts"

export interface BnetQuestion {
  readonly name: string
  /** Name or slug of the realm. */
  readonly server: string
  readonly region: Region
}

/** China is a separate platform with its own credentials. */
const servedRegions: ReadonlyArray<string> = ["us", "eu", "kr", "tw"]

const namespaces = {
  retail: "",
  classic1x: "classic1x-",
  classic: "classicann-",
  classicann: "classicann-",
  progression: "classic-"
}

/**
 * Blizzard allows 100 requests a second and 36,000 an hour: of all replicas, at most 99 in any second and 35,900 in any
 * hour. A replica without Redis sends as if there were a few more.
 */
export const BnetRate = Context.Reference<Rate>("refreshes/battlenet/BnetRate", {
  defaultValue: () => ({
    short: { interval: 1000 / 90, burst: 9 },
    long: { interval: 3_600_000 / 29_900, burst: 6000 },
    alone: { interval: 1000 / 5, burst: 20 }
  })
})

const unusable = (status: number) => Unanswered.because(status < 400 ? "not understood" : `status ${status}`)

/** Milliseconds; parts that take longer are left out. */
const realmLimit = 2000
const extrasLimit = 5000

/** Blizzard's profile API (https://develop.battle.net/documentation/world-of-warcraft-classic/profile-apis). */
export class BnetClient extends Context.Service<
  BnetClient,
  {
    /** Completes within 5.3 s. An unknown character is a success with that in `error`. */
    readonly character: (
      question: BnetQuestion
    ) => Effect.Effect<BnetCharacter, ProviderUnavailable | ProviderRateLimited | RegionUnsupported>
    /** One document more of a character than `before`; complete when none is left. Completes within 5.3 s. */
    readonly further: (
      question: BnetQuestion,
      before: Reading | null
    ) => Effect.Effect<Reading, ProviderUnavailable | ProviderRateLimited | RegionUnsupported>
    /** The members of the guild of that name. Null if Battle.net knows none. Completes within 5.3 s. */
    readonly guild: (
      question: BnetQuestion
    ) => Effect.Effect<ReadonlyArray<GuildMember> | null, ProviderUnavailable | ProviderRateLimited | RegionUnsupported>
    /** By Battle.net's realm list, or by the rule when it is not there within 2 s. */
    readonly realm: (question: Pick<BnetQuestion, "server" | "region">) => Effect.Effect<RealmSlug>
    /** Battle.net's realm list of a region with a way to find one in it; undefined when it is not there within 2 s. */
    readonly realms: Effect.Success<ReturnType<typeof realmIndex>>["list"]
    /** Whether our realm lists and profiles are those of a guild's game version. */
    readonly serves: (version: string) => boolean
    /** The owner of the quota: our client id at this API. */
    readonly account: string
  }
>()("refreshes/battlenet/BnetClient") {
  static readonly layerNoDeps = Layer.effect(
    BnetClient,
    Effect.gen(function* () {
      const { bnet, frontendOrigin } = yield* AppConfig
      const account = `${bnet.clientId}@${bnet.apiBaseUrl}`
      const upstream = yield* sharedUpstream(
        (yield* UpstreamHttp).open("battlenet", `raid-composition-backend/${version} (+${frontendOrigin})`),
        account,
        yield* BnetRate
      )
      const game = (gameVersions.get(bnet.gameVersion) ?? gameVersions.get("classic"))!
      const send = yield* clientCredentials("battlenet", upstream, bnet)

      const namespace = (kind: "profile" | "dynamic", region: Region) =>
        `${kind}-${namespaces[bnet.gameVersion]}${region}`

      const get = (region: Region, path: string, parameters: Readonly<Record<string, string>>) =>
        send(
          HttpClientRequest.get(`${bnet.apiBaseUrl.replaceAll("{region}", region)}${path}`).pipe(
            HttpClientRequest.setUrlParams(parameters)
          )
        )

      const ourFault = (status: number) =>
        Effect.logError("A provider rejected our request").pipe(
          Effect.annotateLogs({ provider: "battlenet", status }),
          Effect.andThen(Unanswered.because(`status ${status}`, 60))
        )

      const fetchRealms = Effect.fnUntraced(function* (region: Region) {
        // No locale, since users may write the realm in any language.
        const { json } = yield* get(region, "/data/wow/realm/index", { namespace: namespace("dynamic", region) })
        const realms = readRealms(json)
        if (realms === undefined) return yield* Unanswered.because("not understood")
        return realms
      })

      const slugOf = yield* realmIndex(servedRegions, (region, until) => upstream.spare(until, fetchRealms(region)))

      /** Where the documents of a character are; undefined if it has a name that none can have. */
      const placeOf = Effect.fnUntraced(function* ({ name, server, region }: BnetQuestion) {
        // Unknown without a request.
        if ([realmSlug(server), characterKey(name)].some((part) => pathSegment(part) === undefined)) return undefined
        const start = yield* Clock.currentTimeMillis
        yield* send.ready
        const { slug, guessed } = yield* slugOf(region, server, start + realmLimit)
        const [realm, character] = [pathSegment(slug), pathSegment(characterKey(name))]
        if (realm === undefined || character === undefined) return undefined
        const parameters = {
          namespace: namespace("profile", region),
          locale: region === "us" ? "en_US" : "en_GB"
        }
        const ask = (document = "") =>
          get(region, `/profile/wow/character/${realm}/${character}${document}`, parameters)
        return { ask, guessed, until: start + extrasLimit }
      })
      type Place = NonNullable<Effect.Success<ReturnType<typeof placeOf>>>

      const profileAt = Effect.fnUntraced(function* ({
        ask,
        guessed
      }: Place): Effect.fn.Return<Reading, UpstreamError> {
        const { status, json } = yield* ask()
        if (status === 404 && isUnknownCharacter(json)) {
          return guessed ? yield* Unanswered.because("realm not resolved") : unknownReading
        }
        if (status === 403 || status === 404) return yield* ourFault(status)
        const profile = status < 400 ? readProfile(json, game) : undefined
        return profile === undefined ? yield* unusable(status) : begunWith(profile)
      })

      const toldAt = ({ ask, until }: Place, name: keyof typeof documents) =>
        upstream.spare(
          until,
          Effect.flatMap(ask(`/${name}`), ({ status, json }) =>
            status === 404 || (status < 400 && json !== undefined)
              ? Effect.succeed(documents[name].read(json))
              : unusable(status)
          )
        )

      const refresh = Effect.fnUntraced(function* (question: BnetQuestion) {
        const place = yield* placeOf(question)
        if (place === undefined) return unknownReading.found
        const { found, left } = yield* profileAt(place)
        const told = yield* Effect.forEach(left, (name) => toldAt(place, name), { concurrency: 2 })
        return left.reduce((sum, name, at) => completedBy(sum, name, told[at]), found)
      })

      const readFurther = Effect.fnUntraced(function* (question: BnetQuestion, before: Reading | null) {
        const place = yield* placeOf(question)
        if (place === undefined) return unknownReading
        if (before === null) return yield* profileAt(place)
        const [next, ...left] = before.left
        if (next === undefined) return before
        return { found: completedBy(before.found, next, yield* toldAt(place, next)), left }
      })

      const fetchGuild = Effect.fnUntraced(function* ({ name, server, region }: BnetQuestion) {
        const start = yield* Clock.currentTimeMillis
        yield* send.ready
        const { slug, guessed } = yield* slugOf(region, server, start + realmLimit)
        const [realm, guild] = [pathSegment(slug), pathSegment(guildSlug(name))]
        if (realm === undefined || guild === undefined) return null
        const { status, json } = yield* get(region, `/data/wow/guild/${realm}/${guild}/roster`, {
          namespace: namespace("profile", region),
          locale: region === "us" ? "en_US" : "en_GB"
        })
        if (status === 404 && isUnknownCharacter(json)) {
          return guessed ? yield* Unanswered.because("realm not resolved") : null
        }
        if (status === 403 || status === 404) return yield* ourFault(status)
        return (status < 400 ? readGuildRoster(json) : undefined) ?? (yield* unusable(status))
      })

      const asking = Effect.fnUntraced(
        function* <A>({ region }: BnetQuestion, operation: Effect.Effect<A, UpstreamError>) {
          if (!servedRegions.includes(region)) return yield* new RegionUnsupported()
          return yield* upstream.guard(operation)
        },
        Effect.catchTags({
          Throttled: ({ retryAfter }) => new ProviderRateLimited({ retryAfter }),
          Unanswered: ({ retryAfter }) => new ProviderUnavailable({ retryAfter })
        })
      )

      return BnetClient.of({
        character: Effect.fn("BnetClient.character")((question) => asking(question, refresh(question))),
        further: Effect.fn("BnetClient.further")((question, before) => asking(question, readFurther(question, before))),
        guild: Effect.fn("BnetClient.guild")((question) => asking(question, fetchGuild(question))),
        realm: ({ region, server }) => slugOf(region, server),
        realms: slugOf.list,
        serves: (version) => (namespaces as Readonly<Record<string, string>>)[version] === namespaces[bnet.gameVersion],
        account
      })
    })
  )

  static readonly layer = BnetClient.layerNoDeps.pipe(Layer.provide(UpstreamHttp.layer))
}
