import { Option, Schema } from "effect"
import type { BattlenetSnapshot } from "../../characters/Character.ts"
import type { GameData } from "../../game/GameData.ts"
import { Int32, listOf, orNull, Text } from "../../infra/upstream/Lenient.ts"

const Profile = Schema.Struct({
  id: Schema.Int,
  level: orNull(Int32),
  equipped_item_level: orNull(Int32),
  faction: orNull(Schema.Struct({ type: Schema.String })),
  character_class: orNull(Schema.Struct({ id: Schema.Int })),
  race: orNull(Schema.Struct({ id: Schema.Int })),
  /** Absent on Anniversary realms, id 0 without a name in Classic Era, complete elsewhere. */
  active_spec: orNull(Schema.Struct({ id: Schema.Int, name: Text }))
})

/** The profile's part of a snapshot. `active_spec_name` is null if the game version has no specs. */
export interface ProfilePart extends Pick<
  BattlenetSnapshot,
  "level" | "equipped_item_level" | "active_spec_name" | "faction" | "class" | "race"
> {
  readonly battlenet_id: number
}

const decodeProfile = Schema.decodeUnknownOption(Profile)

const factions: Readonly<Record<string, "alliance" | "horde">> = { ALLIANCE: "alliance", HORDE: "horde" }

/** With the words of a game version. Undefined if this is not a character profile. */
export const readProfile = (json: unknown, { classes, races }: GameData): ProfilePart | undefined =>
  Option.getOrUndefined(
    Option.map(decodeProfile(json), ({ id, level, equipped_item_level, faction, active_spec, ...found }) => ({
      battlenet_id: id,
      level,
      equipped_item_level,
      active_spec_name: active_spec !== null && active_spec.id > 0 && active_spec.name !== "" ? active_spec.name : null,
      faction: factions[faction?.type ?? ""] ?? null,
      class: classes.find(({ battlenet_id }) => battlenet_id === found.character_class?.id)?.name ?? null,
      race: races.find(({ battlenet_ids }) => battlenet_ids.includes(found.race?.id ?? 0))?.name ?? null
    }))
  )

const Specializations = Schema.Struct({
  specialization_groups: listOf(
    Schema.Struct({
      is_active: orNull(Schema.Boolean),
      specializations: listOf(
        Schema.Struct({
          specialization_name: orNull(Text),
          specialization: orNull(Schema.Struct({ name: Text })),
          spent_points: orNull(Schema.Int)
        })
      )
    })
  )
})

const decodeSpecializations = Schema.decodeUnknownOption(Specializations)

/** The talent tree with the most points in the active group; null if no points are spent. */
export const readActiveSpec = (json: unknown): string | null => {
  const groups = Option.getOrUndefined(decodeSpecializations(json))?.specialization_groups ?? []
  const trees = groups.find(({ is_active }) => is_active)?.specializations ?? []
  const [most] = trees
    .map((tree) => ({
      name: tree.specialization_name ?? tree.specialization?.name ?? "",
      points: tree.spent_points ?? 0
    }))
    .filter(({ name, points }) => name !== "" && points > 0)
    .toSorted((a, b) => b.points - a.points)
  return most?.name ?? null
}

const Media = Schema.Struct({ assets: listOf(Schema.Struct({ key: Schema.String, value: Schema.String })) })

const decodeMedia = Schema.decodeUnknownOption(Media)

/** Browsers load it, so it must be an https URL without credentials. */
const isPicture = (text: string) => {
  if (text.length > 2048 || !/^https:\/\/[^\s\\]+$/.test(text) || !URL.canParse(text)) return false
  const { username, password } = new URL(text)
  return username === "" && password === ""
}

export const readAvatar = (json: unknown): string | null => {
  const assets = Option.getOrUndefined(decodeMedia(json))?.assets ?? []
  const value = assets.find(({ key }) => key === "avatar")?.value
  return value !== undefined && isPicture(value) ? new URL(value).href : null
}

const Realms = Schema.Struct({
  realms: Schema.Array(
    Schema.Struct({
      slug: Schema.String,
      /** Without a locale in the request, an object with the name in every locale. */
      name: Schema.Union([Schema.String, Schema.Record(Schema.String, Schema.Unknown)])
    })
  )
})

const decodeRealms = Schema.decodeUnknownOption(Realms)

/** The names of every realm in all languages, with its slug; undefined if this is not a realm list. */
export const readRealms = (json: unknown) =>
  Option.getOrUndefined(
    Option.map(decodeRealms(json), ({ realms }) =>
      realms.flatMap(({ slug, name }) =>
        (typeof name === "string" ? [name] : Object.values(name))
          .filter((each) => typeof each === "string")
          .map((each) => ({ name: each, slug }))
      )
    )
  )

const decodeNotFound = Schema.decodeUnknownOption(Schema.Struct({ type: Schema.Literal("BLZWEBAPI00000404") }))

/** The 404 for an unknown character. Requests that Battle.net cannot route get an empty one. */
export const isUnknownCharacter = (json: unknown) => Option.isSome(decodeNotFound(json))
