/**
 * The slug of a realm as Battle.net and Warcraft Logs derive it from the name: lower case in any language, no
 * apostrophes, hyphens for spaces, accents kept. A slug is returned unchanged. Romanised slugs ("Гордунни") cannot be
 * derived; only the provider's realm list has those.
 */
export const realmSlug = (realm: string) =>
  realm
    .normalize("NFC")
    .trim()
    .toLowerCase()
    .replace(/['’‘ʼ＇`´]/g, "")
    .replace(/[\p{Zs}-]+/gu, "-")

/** A character's name in the form that both providers compare. */
export const characterKey = (name: string) => name.normalize("NFC").trim().toLowerCase()
