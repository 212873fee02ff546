import { Clock, Deferred, Duration, Effect } from "effect"
import type { Region } from "../../game/Game.ts"
import { type RealmSlug, realmSlug, slugByRule } from "../../game/Realm.ts"

/** A realm's slug with one of its names. */
export interface NamedRealm {
  readonly name: string
  readonly slug: string
}

/** Slug of the realm that goes by this name or slug. */
type FindRealm = (realm: string) => string | undefined

/** How people write a name from memory: without hyphens and accents. */
const bare = (realm: string) =>
  realmSlug(realm)
    .normalize("NFD")
    .replace(/[\p{M}-]/gu, "")

export const findRealm = (realms: ReadonlyArray<NamedRealm>): FindRealm => {
  const slugs = new Set(realms.map(({ slug }) => slug))
  const named = new Map<string, string>()
  const like = new Map<string, string | undefined>()
  for (const { name, slug } of realms) {
    const derived = realmSlug(name)
    // Of two realms with one name, the one whose slug says so.
    if (!named.has(derived) || derived === slug) named.set(derived, slug)
    for (const key of new Set([bare(name), bare(slug)])) {
      like.set(key, like.has(key) && like.get(key) !== slug ? undefined : slug)
    }
  }
  return (realm) => {
    const derived = realmSlug(realm)
    return named.get(derived) ?? (slugs.has(derived) ? derived : like.get(bare(realm)))
  }
}

/** Milliseconds that the first callers wait for a look-up; those after them do not. */
const patience = 2000
/** Milliseconds. A look-up continues after its callers stop waiting, and later callers use its result. */
const lookUpLimit = 8000
const restAfterFailure = 5000
const age = Duration.toMillis("1 day")

interface Shelf {
  find: FindRealm | undefined
  realms: ReadonlyArray<NamedRealm> | undefined
  /** Nothing is asked before, in milliseconds of the Unix clock. */
  nextLookUp: number
  pending: { readonly since: number; readonly done: Deferred.Deferred<void> } | undefined
}

/**
 * The realm list of each region, kept for a day, with one look-up for all who need it at the same time. `lookUp` gets the
 * time by which to be done and answers undefined when it failed; then, as for names that no list has, the rule decides.
 */
export const realmIndex = Effect.fnUntraced(function* (
  regions: ReadonlyArray<string>,
  lookUp: (region: Region, until: number) => Effect.Effect<ReadonlyArray<NamedRealm> | undefined>
) {
  const scope = yield* Effect.scope
  const shelves = new Map(
    regions.map((region): [string, Shelf] => [
      region,
      { find: undefined, realms: undefined, nextLookUp: 0, pending: undefined }
    ])
  )

  const fill = Effect.fnUntraced(function* (shelf: Shelf, region: Region, since: number) {
    const realms = yield* lookUp(region, since + lookUpLimit)
    const now = yield* Clock.currentTimeMillis
    if (realms !== undefined) Object.assign(shelf, { find: findRealm(realms), realms })
    shelf.nextLookUp = now + (realms === undefined ? restAfterFailure : age)
  })

  const begin = Effect.fnUntraced(function* (shelf: Shelf, region: Region, since: number) {
    const done = Deferred.makeUnsafe<void>()
    shelf.pending = { since, done }
    const end = Effect.suspend(() => {
      shelf.pending = undefined
      return Deferred.succeed(done, undefined)
    })
    yield* Effect.forkIn(Effect.ensuring(fill(shelf, region, since), end), scope)
  })

  const ready = Effect.fnUntraced(function* (shelf: Shelf, region: Region, until: number) {
    const now = yield* Clock.currentTimeMillis
    if (shelf.pending === undefined && now >= shelf.nextLookUp) yield* begin(shelf, region, now)
    // A list of yesterday is good enough while today's is on its way.
    if (shelf.find === undefined && shelf.pending !== undefined) {
      const wait = Math.min(shelf.pending.since + patience, until) - now
      if (wait > 0) yield* Effect.timeoutOption(Deferred.await(shelf.pending.done), wait)
    }
  })

  /** The realm's slug, after 2 s at most. */
  const slug = Effect.fn("RealmIndex.slug")(function* (region: Region, realm: string, until = Infinity) {
    const shelf = shelves.get(region)
    // No list will ever tell, so the rule is all there is.
    if (shelf === undefined) return { slug: realmSlug(realm), guessed: false } satisfies RealmSlug
    yield* ready(shelf, region, until)
    if (shelf.find === undefined) return slugByRule(realm)
    return { slug: shelf.find(realm) ?? realmSlug(realm), guessed: false } satisfies RealmSlug
  })

  /** The list itself, after 2 s at most; undefined when it is not there. */
  const list = Effect.fn("RealmIndex.list")(function* (region: Region) {
    const shelf = shelves.get(region)
    if (shelf === undefined) return undefined
    yield* ready(shelf, region, Infinity)
    return shelf.find && shelf.realms && { find: shelf.find, realms: shelf.realms }
  })

  return Object.assign(slug, { list })
})
