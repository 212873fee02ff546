/**
 * The slug of a realm as it follows from the name: lower case in any language, apostrophes and parentheses dropped,
 * spaces to hyphens, accents kept. A slug stays as it is. It is wrong where a provider joins or romanises a name
 * ("Azjol-Nerub", "Гордунни"): only a realm list knows those.
 */
export const realmSlug = (realm: string) =>
  realm
    .normalize("NFC")
    .toLowerCase()
    .replace(/['’‘ʼ＇`´]/g, "")
    .replace(/[()（）]/g, " ")
    .trim()
    .replace(/[\p{Zs}-]+/gu, "-")

/** What a provider is asked for in place of a realm's name. */
export interface RealmSlug {
  readonly slug: string
  /** The realm list was away, and the name is of a kind that the rule gets wrong: "unknown" would prove nothing. */
  readonly guessed: boolean
}

/** The slug without a realm list. */
export const slugByRule = (realm: string): RealmSlug => ({
  slug: realmSlug(realm),
  guessed: /[^\x20-\x7e]/.test(realm)
})

/** A character's name in the form that both providers compare. */
export const characterKey = (name: string) => name.normalize("NFC").trim().toLowerCase()
