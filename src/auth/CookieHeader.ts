/** All values of a Cookie header by name: browsers send one for each scope that has a cookie of that name. */
export const parseCookies = (header: string): ReadonlyMap<string, ReadonlySet<string>> => {
  const cookies = new Map<string, Set<string>>()
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=")
    if (at <= 0) continue
    const name = pair.slice(0, at).trim()
    const value = pair
      .slice(at + 1)
      .trim()
      .replace(/^"(.*)"$/, "$1")
    cookies.set(name, (cookies.get(name) ?? new Set()).add(value))
  }
  return cookies
}
