/** A character as a provider lists it in its guild; what it does not tell is null. */
export interface GuildMember {
  readonly name: string
  /** The slug. */
  readonly realm: string
  readonly level: number | null
  /** 0 leads the guild. */
  readonly rank: number | null
  /** In the provider's own numbering. */
  readonly classId: number | null
  readonly raceId: number | null
}
