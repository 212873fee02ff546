/**
 * The slug of a realm as Battle.net and Warcraft Logs derive it from the name: lower case in any language, apostrophes
 * dropped, spaces to hyphens, accents kept. A slug stays as it is. Realms whose slug is a romanised name ("Гордунни")
 * come out wrong; only the provider's realm list knows those.
 */
export const realmSlug = (realm: string) =>
  realm
    .normalize("NFC")
    .trim()
    .toLowerCase()
    .replace(/['’‘ʼ＇`´]/g, "")
    .replace(/[\p{Zs}-]+/gu, "-")

/** The name of a character as both providers compare it. */
export const characterKey = (name: string) => name.normalize("NFC").trim().toLowerCase()
