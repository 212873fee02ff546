import { Clock, Context, Effect, Layer } from "effect"
import { HttpClientRequest } from "effect/http"
import type { BattlenetSnapshot } from "../../characters/Character.ts"
import type { Region } from "../../game/Game.ts"
import { gameVersions } from "../../game/GameVersions.ts"
import type { GuildMember } from "../../game/GuildMember.ts"
import { AppConfig } from "../../infra/AppConfig.ts"
import { guildSlug, readGuildRoster } from "./GuildRoster.ts"
import { isUnknownCharacter, readActiveSpec, readAvatar, readProfile, readRealms } from "./Profile.ts"
import { ProviderRateLimited, ProviderUnavailable, RegionUnsupported } from "../../infra/upstream/ProviderErrors.ts"
import { sharedUpstream } from "../../infra/upstream/SharedUpstream.ts"
import { UpstreamHttp } from "../../infra/upstream/UpstreamHttp.ts"
import { type Answer, Unanswered } from "../../infra/upstream/Upstream.ts"
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

/** A snapshot to store, with Battle.net's id of the character: a different id means a different character. */
export interface BnetCharacter extends Omit<BattlenetSnapshot, "fetched_at" | "identity"> {
  readonly battlenet_id: number | null
  /** Fields that are null only because they could not be read this time. */
  readonly unread: ReadonlyArray<"avatar_url" | "active_spec_name">
}

const unknown: BnetCharacter = {
  battlenet_id: null,
  avatar_url: null,
  level: null,
  equipped_item_level: null,
  active_spec_name: null,
  faction: null,
  class: null,
  race: null,
  error: "Battle.net does not know this character.",
  unread: []
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
const rate = {
  short: { interval: 1000 / 90, burst: 9 },
  long: { interval: 3_600_000 / 29_900, burst: 6000 },
  alone: { interval: 1000 / 5, burst: 20 }
}

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
        (yield* UpstreamHttp).open("battlenet", `raid-composition-backend/0.1.0 (+${frontendOrigin})`),
        account,
        rate
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

      const refresh = Effect.fnUntraced(function* ({ name, server, region }: BnetQuestion) {
        const start = yield* Clock.currentTimeMillis
        yield* send.ready
        const { slug, guessed } = yield* slugOf(region, server, start + realmLimit)
        const realm = pathSegment(slug)
        const character = pathSegment(characterKey(name))
        if (realm === undefined || character === undefined) return unknown
        const path = `/profile/wow/character/${realm}/${character}`
        const parameters = {
          namespace: namespace("profile", region),
          locale: region === "us" ? "en_US" : "en_GB"
        }

        const { status, json } = yield* get(region, path, parameters)
        if (status === 404 && isUnknownCharacter(json)) {
          return guessed ? yield* Unanswered.because("realm not resolved") : unknown
        }
        if (status === 403 || status === 404) return yield* ourFault(status)
        const profile = status < 400 ? readProfile(json, game) : undefined
        if (profile === undefined) return yield* unusable(status)

        const readPart = <A>({ status, json }: Answer, read: (json: unknown) => A) =>
          status === 404 || (status < 400 && json !== undefined) ? Effect.succeed(read(json)) : unusable(status)
        const extra = <A>(part: string, read: (json: unknown) => A) =>
          upstream.spare(
            start + extrasLimit,
            Effect.flatMap(get(region, `${path}/${part}`, parameters), (answer) => readPart(answer, read))
          )
        const activeSpec =
          profile.active_spec_name === null
            ? extra("specializations", readActiveSpec)
            : Effect.succeed(profile.active_spec_name)
        const [avatar, spec] = yield* Effect.all([extra("character-media", readAvatar), activeSpec], { concurrency: 2 })
        return {
          ...profile,
          avatar_url: avatar ?? null,
          active_spec_name: spec ?? null,
          error: null,
          unread: [
            ...(avatar === undefined ? (["avatar_url"] as const) : []),
            ...(spec === undefined ? (["active_spec_name"] as const) : [])
          ]
        }
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

      const guild = Effect.fn("BnetClient.guild")(
        function* (question: BnetQuestion) {
          if (!servedRegions.includes(question.region)) return yield* new RegionUnsupported()
          return yield* upstream.guard(fetchGuild(question))
        },
        Effect.catchTags({
          Throttled: ({ retryAfter }) => new ProviderRateLimited({ retryAfter }),
          Unanswered: ({ retryAfter }) => new ProviderUnavailable({ retryAfter })
        })
      )

      const character = Effect.fn("BnetClient.character")(
        function* (question: BnetQuestion) {
          if (!servedRegions.includes(question.region)) return yield* new RegionUnsupported()
          // A text that cannot be a realm or character name is unknown without a request.
          const possible = [realmSlug(question.server), characterKey(question.name)].every(
            (part) => pathSegment(part) !== undefined
          )
          return possible ? yield* upstream.guard(refresh(question)) : unknown
        },
        Effect.catchTags({
          Throttled: ({ retryAfter }) => new ProviderRateLimited({ retryAfter }),
          Unanswered: ({ retryAfter }) => new ProviderUnavailable({ retryAfter })
        })
      )

      return BnetClient.of({
        character,
        guild,
        realm: ({ region, server }) => slugOf(region, server),
        realms: slugOf.list,
        serves: (version) => (namespaces as Readonly<Record<string, string>>)[version] === namespaces[bnet.gameVersion],
        account
      })
    })
  )

  static readonly layer = BnetClient.layerNoDeps.pipe(Layer.provide(UpstreamHttp.layer))
}
