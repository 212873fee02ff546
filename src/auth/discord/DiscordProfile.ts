import { Option, Schema } from "effect"
import { cleanText } from "../../infra/StorableText.ts"
import { orNull, Text } from "../../infra/upstream/Lenient.ts"

/** Discord's integers can exceed 32 bits. Beyond 53 bits JavaScript is not exact. */
const Whole = Schema.Int

const maxDepth = 8

class TooDeep extends Error {}

const copyJson = (value: unknown, depth: number): Schema.Json => {
  if (typeof value === "string") return cleanText(value)
  if (typeof value !== "object" || value === null) return value as Schema.Json
  if (depth === maxDepth) throw new TooDeep()
  if (Array.isArray(value)) return value.map((item) => copyJson(item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [cleanText(key), copyJson(item, depth + 1)]))
}

/** A copy that `jsonb` can store, or null if it is nested deeper than anything Discord documents. */
const storableJson = (value: unknown) => {
  try {
    return copyJson(value, 0)
  } catch {
    return null
  }
}

/** A JSON object that is stored without interpreting it. */
const JsonObject = Schema.Record(Schema.String, Schema.Unknown)

const Profile = Schema.Struct({
  id: Schema.String.check(Schema.isPattern(/^\d{1,20}$/)),
  username: orNull(Text),
  discriminator: orNull(Text),
  global_name: orNull(Text),
  avatar: orNull(Text),
  bot: orNull(Schema.Boolean),
  system: orNull(Schema.Boolean),
  mfa_enabled: orNull(Schema.Boolean),
  banner: orNull(Text),
  accent_color: orNull(Whole),
  locale: orNull(Text),
  verified: orNull(Schema.Boolean),
  flags: orNull(Whole),
  premium_type: orNull(Whole),
  public_flags: orNull(Whole),
  avatar_decoration_data: orNull(JsonObject),
  collectibles: orNull(JsonObject),
  primary_guild: orNull(JsonObject)
})

type Json = Schema.Json | null

/** https://discord.com/developers/docs/resources/user#user-object; null if absent or of another type. */
export interface DiscordProfile extends Omit<
  typeof Profile.Type,
  "username" | "avatar_decoration_data" | "collectibles" | "primary_guild"
> {
  /** The id if Discord sends no name. */
  readonly username: string
  readonly avatar_decoration_data: Json
  readonly collectibles: Json
  readonly primary_guild: Json
}

const decode = Schema.decodeUnknownOption(Profile)

/** None only if there is no usable id. */
export const decodeProfile = (json: unknown): Option.Option<DiscordProfile> =>
  Option.map(decode(json), (profile) => ({
    ...profile,
    username: profile.username?.trim() || profile.id,
    avatar_decoration_data: storableJson(profile.avatar_decoration_data),
    collectibles: storableJson(profile.collectibles),
    primary_guild: storableJson(profile.primary_guild)
  }))
