import { Option, Schema } from "effect"
import type { GuildMember } from "../../game/GuildMember.ts"
import { characterKey } from "../../game/Realm.ts"
import { Int32, listOf, orNull, Text } from "../../infra/upstream/Lenient.ts"

/** A guild's name as its address has it: lower case, apostrophes dropped, spaces to hyphens, accents kept. */
export const guildSlug = (name: string) => characterKey(name).replace(/['’]/g, "").replace(/\s+/g, "-")

const Member = Schema.Struct({
  character: Schema.Struct({
    name: Text,
    realm: Schema.Struct({ slug: Text }),
    level: orNull(Int32),
    playable_class: orNull(Schema.Struct({ id: Schema.Int })),
    playable_race: orNull(Schema.Struct({ id: Schema.Int }))
  }),
  rank: orNull(Int32)
})

const decode = Schema.decodeUnknownOption(Schema.Struct({ members: listOf(Member) }))

/** The members of a guild; undefined if this is no guild roster. */
export const readGuildRoster = (json: unknown): ReadonlyArray<GuildMember> | undefined =>
  Option.getOrUndefined(
    Option.map(decode(json), ({ members }) =>
      members.map(({ character: { name, realm, level, playable_class, playable_race }, rank }) => ({
        name,
        realm: realm.slug,
        level,
        rank,
        classId: playable_class?.id ?? null,
        raceId: playable_race?.id ?? null
      }))
    )
  )
