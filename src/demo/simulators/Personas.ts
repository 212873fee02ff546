/** A person who can sign in with the simulated Discord. */
export interface Persona {
  /** The Discord id. */
  readonly id: string
  /** Their name on the sign-in page. */
  readonly label: string
  /** The body of `GET /users/@me`; a string is sent unchanged. */
  readonly profile: Readonly<Record<string, unknown>> | string
  /** The scope that Discord grants them instead of `identify`. */
  readonly scope?: string
}

interface Names {
  readonly id: string
  readonly username: string
  readonly globalName: string | null
}

/** A profile with every field that Discord sends, plus any fields or values given. */
export const profileOf = ({ id, username, globalName }: Names, others: Readonly<Record<string, unknown>> = {}) => ({
  id,
  username,
  discriminator: "0",
  global_name: globalName,
  avatar: null,
  public_flags: 0,
  flags: 0,
  banner: null,
  accent_color: null,
  avatar_decoration_data: null,
  collectibles: null,
  primary_guild: null,
  mfa_enabled: true,
  locale: "en-GB",
  premium_type: 0,
  ...others
})

const persona = (id: string, name: string, username: string, part: string): Persona => ({
  id,
  label: `${name}, ${part}`,
  profile: profileOf({ id, username, globalName: name })
})

/** The demo's personas by role. The first three belong to the seeded guild. */
export const personas = {
  admin: persona("900000000000000001", "Aldra", "aldra.sim", "admin of the seeded guild"),
  officer: persona("900000000000000002", "Borin", "borin.sim", "officer of the seeded guild"),
  raider: persona("900000000000000003", "Cyra", "cyra.sim", "raider with four characters"),
  newcomer: persona("900000000000000099", "Newleaf", "newleaf.sim", "not in any guild yet")
} as const
