import { Context, Effect, Layer } from "effect"
import type { Region } from "../game/Game.ts"
import { realmSlug } from "../game/Realm.ts"
import { BnetClient } from "../refreshes/battlenet/BnetClient.ts"
import type { NamedRealm } from "../refreshes/battlenet/RealmIndex.ts"

/** A realm as it is stored, or the names that come nearest when the list has none like it. */
type RealmFound = { readonly server: string; readonly slug: string } | { readonly nearest: ReadonlyArray<string> }

export type FindRealm = (region: Region, realm: string) => RealmFound

/** How many letters lie between two names (Levenshtein). */
const distance = (a: string, b: string) => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}

/** One name for each slug: the one that the slug follows from, as a rule the English one. */
const namesOf = (realms: ReadonlyArray<NamedRealm>) => {
  const names = new Map<string, string>()
  for (const { name, slug } of realms) if (!names.has(slug) || realmSlug(name) === slug) names.set(slug, name)
  return names
}

/** The nearest are looked for only so often a request: it takes a comparison with every realm there is. */
const searches = 10

const finderIn = ({
  find,
  realms
}: {
  find: (realm: string) => string | undefined
  realms: ReadonlyArray<NamedRealm>
}) => {
  const names = namesOf(realms)
  const written = new Set(realms.map(({ name, slug }) => `${slug} ${realmSlug(name)}`))
  let left = searches
  const nearest = (realm: string) => {
    if ((left -= 1) < 0) return []
    const wanted = realmSlug(realm).slice(0, 40)
    return [...names]
      .map(([slug, name]) => ({ name, far: Math.min(distance(wanted, slug), distance(wanted, realmSlug(name))) }))
      .toSorted((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
      .slice(0, 3)
      .map(({ name }) => name)
  }
  return (realm: string): RealmFound => {
    const slug = find(realm)
    if (slug === undefined) return { nearest: nearest(realm) }
    const derived = realmSlug(realm)
    // As the person writes it, unless it took a guess to read it.
    const asWritten = derived === slug || written.has(`${slug} ${derived}`)
    return { slug, server: asWritten ? realm.normalize("NFC").trim() : (names.get(slug) ?? realm) }
  }
}

/** Realms as Battle.net lists them. */
export class Realms extends Context.Service<
  Realms,
  {
    /**
     * For one request. Where there is no list, because Battle.net is away or our lists are of another game version, every
     * realm is taken as it is written. Ready within 2 s.
     */
    readonly finder: (version: string, regions: ReadonlyArray<Region>) => Effect.Effect<FindRealm>
    /** The realms of a version by region, as far as they are listed within 2 s; null if none is. */
    readonly known: (
      version: string
    ) => Effect.Effect<Readonly<Record<string, ReadonlyArray<{ name: string; slug: string }>>> | null>
  }
>()("roster/Realms") {
  static readonly layer = Layer.effect(
    Realms,
    Effect.gen(function* () {
      const bnet = yield* BnetClient

      const listsOf = Effect.fnUntraced(function* (regions: ReadonlyArray<Region>) {
        const lists = yield* Effect.forEach(regions, (region) => bnet.realms(region), { concurrency: 4 })
        return regions.flatMap((region, index) => {
          const list = lists[index]
          return list === undefined ? [] : [[region, list] as const]
        })
      })

      return Realms.of({
        finder: Effect.fn("Realms.finder")(function* (version, regions) {
          const lists = version === "any" || bnet.serves(version) ? yield* listsOf([...new Set(regions)]) : []
          const finders = new Map(lists.map(([region, list]) => [region, finderIn(list)]))
          const found = new Map<string, RealmFound>()
          return (region, realm) => {
            const key = `${region} ${realm}`
            const known = found.get(key) ??
              finders.get(region)?.(realm) ?? { server: realm.normalize("NFC").trim(), slug: realmSlug(realm) }
            found.set(key, known)
            return known
          }
        }),
        known: Effect.fn("Realms.known")(function* (version) {
          if (!bnet.serves(version)) return null
          const lists = yield* listsOf(["us", "eu", "kr", "tw"])
          const realms = lists.map(([region, list]) => [
            region,
            [...namesOf(list.realms)]
              .map(([slug, name]) => ({ name, slug }))
              .toSorted((a, b) => (a.name < b.name ? -1 : 1))
          ])
          return realms.length === 0 ? null : Object.fromEntries(realms)
        })
      })
    })
  ).pipe(Layer.provide(BnetClient.layer))
}
