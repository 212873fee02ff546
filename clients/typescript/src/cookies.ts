/** Keeps the cookies of one API, where no browser does. */
export interface CookieJar {
  /** The `Cookie` header of the next request; empty if there is none. */
  readonly header: () => string
  /** Takes the `Set-Cookie` lines of a response. */
  readonly store: (lines: ReadonlyArray<string>) => void
}

/** Cookies kept in memory, for one person. All of them are this API's, so domain and path do not matter. */
export const memoryCookies = (): CookieJar => {
  const jar = new Map<string, string>()
  return {
    header: () => [...jar].map(([name, value]) => `${name}=${value}`).join("; "),
    store: (lines) => {
      for (const line of lines) {
        const [pair = "", ...attributes] = line.split(";")
        const at = pair.indexOf("=")
        const name = pair.slice(0, at).trim()
        const value = pair.slice(at + 1).trim()
        const ends = attributes.some((attribute) => /^\s*max-age\s*=\s*(0|-\d+)\s*$/i.test(attribute))
        if (at <= 0) continue
        if (ends || value === "") jar.delete(name)
        else jar.set(name, value)
      }
    }
  }
}
