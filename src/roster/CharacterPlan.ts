import { randomUUID } from "node:crypto"
import type { FindRealm } from "./Realms.ts"
import type { FieldFault, Rank, RosterRow } from "./Roster.ts"
import type { WrittenCharacter } from "./RosterFile.ts"
import {
  characterName,
  characterNameRule,
  Faults,
  readClass,
  readNote,
  readOffSpecs,
  readRace,
  readRank,
  readRegion,
  readRole,
  readSpec,
  type Words
} from "./RosterRules.ts"
import { differences, type Wanted } from "./Wanted.ts"
import {
  type EntryWrite,
  keyIn,
  type RosterState,
  type RosterWrites,
  type StoredCharacter,
  type StoredEntry
} from "./RosterState.ts"

interface Planning {
  readonly state: RosterState
  readonly words: Words
  readonly wanted: ReadonlyArray<Wanted>
  readonly findRealm: FindRealm
  readonly replace: boolean
  readonly writes: RosterWrites
  readonly rows: Array<RosterRow>
}

/** Which character a row means: what is stored of it, and what would be. */
interface Meant {
  readonly name: string
  readonly region: StoredCharacter["region"]
  readonly server: string
  readonly slug: string
  /** The same for every spelling of one character. */
  readonly mark: string
  readonly stored: StoredCharacter | undefined
}

/** How to find the character that a row means. */
export const identifier = (state: RosterState, findRealm: FindRealm) => {
  const byKey = Map.groupBy(state.characters, ({ key }) => key)
  return (written: WrittenCharacter, faults: Faults): Meant | undefined => {
    const name = characterName(written.name ?? "") ?? faults.add("name", characterNameRule)
    const region = readRegion(written.region, faults) ?? state.region
    const server = (written.server ?? "").trim() === "" ? state.realm : written.server!
    if (name === undefined || faults.fields.length > 0) return undefined
    const realm = server.length > 100 ? { nearest: [] } : findRealm(region, server)
    if ("nearest" in realm) {
      const like = realm.nearest.length === 0 ? "" : `; nearest are ${realm.nearest.join(", ")}`
      return faults.add("server", `is no realm of ${region}${like}`)
    }
    const key = keyIn(state, name) ?? name
    const stored = byKey.get(key)?.find((one) => {
      if (one.region !== region) return false
      const known = findRealm(region, one.server)
      return "slug" in known && known.slug === realm.slug
    })
    return { name, region, ...realm, mark: `${region}/${realm.slug}/${key}`, stored }
  }
}

/** What becomes of a character's own facts. Nobody changes those on which others count. */
const factsOf = (words: Words, written: WrittenCharacter, stored: StoredCharacter | undefined, faults: Faults) => {
  const given = (text: string | null | undefined) => ((text ?? "").trim() === "" ? undefined : text!.trim())
  const [asClass, asRace] = [given(written.class), given(written.race)]
  if (asClass === undefined && stored === undefined) return faults.add("class", "is missing")
  const className = asClass === undefined ? stored!.class : readClass(words, asClass, stored?.class, faults)
  const race = asRace === undefined ? (stored?.race ?? null) : readRace(words, asRace, stored?.race, faults)
  if (className === undefined || race === undefined) return undefined
  if (stored !== undefined && !stored.free) {
    if (className !== stored.class) return faults.add("class", `is ${stored.class} on another roster`)
    if (race !== stored.race && stored.race !== null) return faults.add("race", `is ${stored.race} on another roster`)
  }
  return { class: className, race }
}

/** What a guild says of a character: its entry, or undefined when something is wrong. */
export const planEntry = (
  words: Words,
  written: WrittenCharacter,
  { stored, entry }: { readonly stored: StoredCharacter | undefined; readonly entry: StoredEntry | undefined },
  faults: Faults
) => {
  const facts = factsOf(words, written, stored, faults)
  const given = readRole(written.role, faults)
  const rank = readRank(written.rank, faults)
  const note = readNote(written.note, faults)
  if (facts === undefined) return undefined
  const sameClass = stored?.class === facts.class
  const asSpec = (written.spec ?? "").trim()
  if (asSpec === "" && (entry === undefined || !sameClass)) return faults.add("spec", "is missing")
  const was = sameClass ? entry : undefined
  const spec = readSpec(words, facts.class, asSpec === "" ? entry!.spec : asSpec, was?.spec, faults)
  if (spec === undefined) return undefined
  const offSpecs =
    written.off_specs === undefined
      ? (was?.off_specs ?? []).filter((one) => one !== spec.name)
      : readOffSpecs(words, facts.class, spec.name, written.off_specs ?? [], was?.off_specs ?? [], faults)
  const role = given ?? (was?.spec === spec.name ? was.role : (spec.role ?? was?.role))
  if (offSpecs === undefined || role === undefined || faults.fields.length > 0) return undefined
  return {
    ...facts,
    spec: spec.name,
    role,
    rank,
    off_specs: offSpecs,
    note: note === undefined ? (entry?.note ?? null) : note
  }
}

export const entryFields = ["player_id", "spec", "role", "rank", "off_specs", "note"] as const

/** Plans the characters of a list, and notes a row for each. */
export const planCharacters = ({ state, words, wanted, findRealm, replace, writes, rows }: Planning) => {
  const identify = identifier(state, findRealm)
  const characters = new Map(state.characters.map((one) => [one.id, one]))
  const entries = new Map(state.entries.map((one) => [one.character_id, one]))
  const names = new Map(
    [...state.players, ...writes.players_made, ...writes.players_changed].map((p) => [p.id, p.name])
  )
  const removed = new Set(writes.players_removed)
  const seen = new Set<string>()
  const handled = new Set<string>()
  const later: Array<() => void> = []

  for (const { written: from, player, label } of wanted) {
    const name = player?.name ?? label
    const invalid = (character: string, fields: ReadonlyArray<FieldFault>) =>
      rows.push({ player: name, character, change: "invalid", fields })
    const planned: Array<{
      entry: Omit<EntryWrite, "rank"> & { rank: Rank | undefined }
      finish: (rank: Rank) => void
    }> = []
    let hasMain = false
    for (const written of from.characters) {
      const faults = new Faults()
      const meant = identify(written, faults)
      if (meant !== undefined && seen.has(meant.mark)) faults.add("name", "is on the list twice")
      if (meant !== undefined) seen.add(meant.mark)
      const entry = meant?.stored && entries.get(meant.stored.id)
      const plan = meant && planEntry(words, written, { stored: meant.stored, entry }, faults)
      if (plan?.rank === "main" && hasMain) faults.add("rank", "is a second main")
      if (plan?.rank === "main") hasMain = true
      if (meant === undefined || plan === undefined || faults.fields.length > 0) {
        invalid(meant?.name ?? written.name ?? "", faults.fields)
        continue
      }
      if (player === undefined) continue
      const { race, ...said } = plan
      const whole = {
        ...said,
        id: entry?.id ?? randomUUID(),
        player_id: player.id,
        character_id: meant.stored?.id ?? randomUUID()
      }
      if (entry !== undefined) handled.add(entry.id)
      planned.push({
        entry: whole,
        finish: (rank) => {
          const final: EntryWrite = { ...whole, rank }
          const { stored } = meant
          const note = (change: RosterRow["change"], fields?: ReadonlyArray<FieldFault>) =>
            rows.push({ player: name, character: meant.name, change, ...(fields && { fields }) })
          const facts = { id: final.character_id, class: final.class, race, spec: final.spec, role: final.role }
          if (stored === undefined) {
            const { region, server, slug } = meant
            writes.characters_made.push({ ...facts, name: meant.name, region, server, realm_slug: slug, rank })
          }
          const changed =
            stored === undefined
              ? []
              : differences(stored, { ...stored, ...final, race, id: stored.id }, ["class", "race"])
          if (changed.length > 0) writes.characters_changed.push(facts)
          if (entry === undefined) {
            writes.entries_made.push(final)
            note("created")
            return
          }
          const fields = differences<StoredEntry>(entry, final, entryFields).map((one) =>
            one.field === "player_id"
              ? { field: "player", reason: `${names.get(entry.player_id)} becomes ${name}` }
              : one
          )
          if (fields.length > 0 || changed.length > 0) writes.entries_changed.push(final)
          note(
            fields.length + changed.length > 0 ? "updated" : "unchanged",
            fields.length + changed.length > 0 ? [...changed, ...fields] : undefined
          )
        }
      })
    }
    if (player === undefined) continue
    // Without a word about ranks they stay; a player without a main gets the first that is new as one.
    const rest = state.entries.filter((one) => one.player_id === player.id)
    let main = hasMain
    for (const { entry } of planned) {
      const was = entries.get(entry.character_id)
      if (entry.rank !== undefined || was?.player_id !== player.id) continue
      entry.rank = main ? "alt" : was.rank
      main ||= entry.rank === "main"
    }
    if (!main && !replace)
      main = rest.some((one) => one.rank === "main" && !planned.some(({ entry }) => entry.id === one.id))
    for (const { entry, finish } of planned) {
      const rank = entry.rank ?? (main ? "alt" : "main")
      if (rank === "main") main = true
      later.push(() => finish(rank))
    }
    if (hasMain) {
      const demoted = rest.filter((one) => one.rank === "main")
      later.push(() => demote(demoted, name))
    }
  }

  /** The main that the list says nothing of makes way for the one that it names. */
  const demote = (mains: ReadonlyArray<StoredEntry>, player: string) => {
    for (const one of mains) {
      if (handled.has(one.id) || replace) continue
      handled.add(one.id)
      const character = characters.get(one.character_id)!
      writes.entries_changed.push({ ...one, class: character.class, rank: "alt" })
      rows.push({
        player,
        character: character.name,
        change: "updated",
        fields: [{ field: "rank", reason: "main becomes alt" }]
      })
    }
  }
  for (const each of later) each()
  if (!replace) return
  for (const one of state.entries) {
    if (handled.has(one.id)) continue
    // With a player go the characters.
    if (!removed.has(one.player_id)) writes.entries_removed.push(one.id)
    const character = characters.get(one.character_id)!.name
    rows.push({ player: names.get(one.player_id) ?? "", character, change: "removed" })
  }
}
