import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import { type Character, type CharacterId, CharacterNotFound } from "../characters/Character.ts"
import { Region } from "../game/Game.ts"
import { anyWords } from "../game/GameVersions.ts"
import type { GuildNotFound } from "../guilds/Guild.ts"
import { orGuildNotFound } from "../guilds/Guilds.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { ClaimsRepo, type Owned, type OwnFacts } from "./ClaimsRepo.ts"
import { type Asking, isOfficer } from "./Edits.ts"
import type { OwnCharacter, OwnCharacterPatch } from "./OwnCharactersApi.ts"
import { type FindRealm, Realms } from "./Realms.ts"
import {
  CharacterExists,
  CharacterInvalid,
  type EntryId,
  EntryNotFound,
  limits,
  OfficerRequired,
  type PlayerId,
  TooManyCharacters
} from "./Roster.ts"
import {
  characterName,
  characterNameRule,
  Faults,
  readClass,
  readRace,
  readRank,
  readRegion,
  readRole,
  readSpec
} from "./RosterRules.ts"

const facts = ["name", "region", "server", "class", "race"] as const

/** What an owner makes of a character; `stored` is what it was. */
const readFacts = Effect.fnUntraced(function* (
  written: OwnCharacterPatch,
  stored: Owned | undefined,
  findRealm: FindRealm
) {
  const faults = new Faults()
  const given = (text: string | null | undefined) => ((text ?? "").trim() === "" ? undefined : text!.trim())
  const orStored = <A>(field: string, value: A | undefined, kept: A | undefined) =>
    value ??
    kept ??
    (faults.fields.some((fault) => fault.field === field) ? undefined : faults.add(field, "is missing"))

  const asName = given(written.name)
  const name = asName === undefined ? stored?.name : characterName(asName)
  if (name === undefined) faults.add("name", characterNameRule)
  const region = orStored("region", readRegion(written.region, faults), stored?.region)
  const server = given(written.server)
  const moves = stored === undefined || server !== undefined || region !== stored.region
  const where = server ?? stored?.server ?? ""
  const realm =
    !moves || region === undefined
      ? { server: stored?.server ?? "", slug: stored?.realm_slug ?? "" }
      : where === "" || where.length > 100
        ? { nearest: [] }
        : findRealm(region, where)
  if ("nearest" in realm) {
    const like = realm.nearest.length === 0 ? "" : `; nearest are ${realm.nearest.join(", ")}`
    faults.add("server", `is no realm of ${region}${like}`)
  }
  const asClass = given(written.class)
  const className = orStored(
    "class",
    asClass === undefined ? undefined : readClass(anyWords, asClass, stored?.class, faults),
    asClass === undefined ? stored?.class : undefined
  )
  const asRace = given(written.race)
  const race = asRace === undefined ? (stored?.race ?? null) : readRace(anyWords, asRace, stored?.race, faults)
  const was = className === stored?.class ? stored : undefined
  const asSpec = given(written.spec) ?? was?.spec
  const spec =
    className === undefined || asSpec === undefined
      ? undefined
      : readSpec(anyWords, className, asSpec, was?.spec, faults)
  if (className !== undefined && asSpec === undefined) faults.add("spec", "is missing")
  const role =
    readRole(written.role, faults) ?? (was?.spec === spec?.name ? was?.role : undefined) ?? spec?.role ?? was?.role
  const rank = readRank(written.rank, faults) ?? stored?.rank ?? "alt"
  if (
    faults.fields.length > 0 ||
    name === undefined ||
    region === undefined ||
    "nearest" in realm ||
    className === undefined ||
    race === undefined ||
    spec === undefined ||
    role === undefined
  ) {
    return yield* new CharacterInvalid({ details: { fields: faults.fields } })
  }
  const { server: asWritten, slug } = realm
  return { name, region, server: asWritten, realm_slug: slug, class: className, race, spec: spec.name, role, rank }
})

type Refusal = CharacterInvalid | CharacterExists | DependencyUnavailable

/** Whose a character is: that proves nothing about the game's account, and gives the right to refresh it. */
export class Claims extends Context.Service<
  Claims,
  {
    /** Makes the character, or claims one that is known and has no owner. */
    readonly create: (user: UserId, details: OwnCharacter) => Effect.Effect<Character, Refusal | TooManyCharacters>
    readonly update: (
      user: UserId,
      id: CharacterId,
      patch: OwnCharacterPatch
    ) => Effect.Effect<Character, Refusal | CharacterNotFound>
    readonly remove: (user: UserId, id: CharacterId) => Effect.Effect<void, CharacterNotFound | DependencyUnavailable>
    /** Takes a character on the roster from whoever claims it, for those who lead the guild. */
    readonly release: (
      asking: Asking,
      player: PlayerId,
      entry: EntryId
    ) => Effect.Effect<void, GuildNotFound | OfficerRequired | EntryNotFound | DependencyUnavailable>
  }
>()("roster/Claims") {
  static readonly layer = Layer.effect(
    Claims,
    Effect.gen(function* () {
      const repo = yield* ClaimsRepo
      const realms = yield* Realms
      const finder = (region: string | null | undefined) =>
        realms.finder(
          "any",
          Region.literals.filter((one) => region === undefined || one === region?.trim().toLowerCase())
        )

      return Claims.of({
        create: Effect.fn("Claims.create")(function* (user, details) {
          const found = yield* readFacts(details, undefined, yield* finder(details.region))
          const { owned, character } = yield* repo.create(user, found)
          if (character !== null) return character
          return yield* owned >= limits.owned ? new TooManyCharacters() : new CharacterExists()
        }),
        update: Effect.fn("Claims.update")(function* (user, id, patch) {
          const findRealm = yield* finder(patch.region)
          const plan = Effect.fnUntraced(function* (stored: Owned): Effect.fn.Return<OwnFacts, CharacterInvalid> {
            const next = yield* readFacts(patch, stored, findRealm)
            const touched = facts.filter((field) => next[field] !== stored[field])
            if (!stored.shared || touched.length === 0) return next
            const reason = "cannot be changed while the character is on a roster under another player"
            return yield* new CharacterInvalid({ details: { fields: touched.map((field) => ({ field, reason })) } })
          })
          return (yield* repo.update(user, id, plan)) ?? (yield* new CharacterNotFound())
        }),
        remove: Effect.fn("Claims.remove")(function* (user, id) {
          if (!(yield* repo.remove(user, id))) return yield* new CharacterNotFound()
        }),
        release: Effect.fn("Claims.release")(function* ({ guild, caller }, player, entry) {
          const { caller_role, found } = yield* Effect.flatMap(
            repo.release(guild, caller, player, entry),
            orGuildNotFound
          )
          if (!isOfficer({ role: caller_role })) return yield* new OfficerRequired()
          if (!found) return yield* new EntryNotFound()
        })
      })
    })
  ).pipe(Layer.provide([ClaimsRepo.layer, Realms.layer]))
}
