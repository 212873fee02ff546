import { randomUUID } from "node:crypto"
import { wordsOf } from "../game/GameVersions.ts"
import { planCharacters } from "./CharacterPlan.ts"
import type { FindRealm } from "./Realms.ts"
import type { Change, FieldFault, RosterRow } from "./Roster.ts"
import { Faults, playerName, readDiscordId, readNote, readStatus } from "./RosterRules.ts"
import type { WrittenPlayer } from "./RosterFile.ts"
import { differences, playerFields, type Wanted } from "./Wanted.ts"
import { keyIn, noWrites, type PlayerWrite, type RosterState, type StoredPlayer } from "./RosterState.ts"

/** Finds whom each player of the list is: by Discord id, then by name. Nobody is found twice. */
const match = (state: RosterState, wanted: ReadonlyArray<Wanted>) => {
  const taken = new Set<string>()
  const take = (one: Wanted, found: StoredPlayer) => {
    taken.add(found.id)
    one.stored = found
  }
  const read = wanted.map((one) => ({
    one,
    discord: readDiscordId(one.written.discord_user_id, one.faults),
    key: keyIn(state, one.label) ?? state.players.find(({ name }) => name === one.label)?.key ?? one.label
  }))
  const byDiscord = new Map(state.players.map((player) => [player.discord_user_id, player]))
  for (const { one, discord } of read) {
    const found = typeof discord === "string" ? byDiscord.get(discord) : undefined
    if (found === undefined) continue
    if (taken.has(found.id)) one.faults.add("discord_user_id", "is on the list twice")
    else take(one, found)
  }
  const open = () => read.filter(({ one }) => one.stored === undefined && one.faults.fields.length === 0)
  for (const { one, key } of open()) {
    const found = state.players.find((p) => p.key === key && p.discord_user_id === null && !taken.has(p.id))
    if (found !== undefined) take(one, found)
  }
  for (const { one, key, discord } of open()) {
    if (typeof discord === "string") continue
    const found = state.players.filter((player) => player.key === key && !taken.has(player.id))
    if (found.length > 1) one.faults.add("name", "fits more than one player; give the Discord id")
    else if (found[0] !== undefined) take(one, found[0])
  }
  return read
}

/** No two by one Discord id, and no two known by the same name alone. */
const refuseTwins = (all: ReadonlyArray<{ one: Wanted; key: string }>) => {
  const seen = new Set<string>()
  for (const { one, key } of all) {
    if (one.player === undefined) continue
    const { discord_user_id } = one.player
    const mark = discord_user_id ?? `name ${key}`
    if (seen.has(mark)) {
      one.faults.add(discord_user_id === null ? "name" : "discord_user_id", "is on the list twice")
      one.player = undefined
    }
    seen.add(mark)
  }
}

const planPlayer = (one: Wanted, discord: string | null | undefined): PlayerWrite | undefined => {
  const { written, faults, stored } = one
  const name = playerName(written.name, faults)
  const status = readStatus(written.status, faults) ?? stored?.status ?? "active"
  const note = readNote(written.note, faults)
  if (name === undefined || faults.fields.length > 0) return undefined
  return {
    id: stored?.id ?? randomUUID(),
    name,
    discord_user_id: discord === undefined ? (stored?.discord_user_id ?? null) : discord,
    status,
    note: note === undefined ? (stored?.note ?? null) : note
  }
}

/**
 * What a list makes of a roster, row by row, and the writes for it. With `replace` whoever the list leaves out is removed,
 * otherwise they stay as they are.
 */
export const planRoster = (
  state: RosterState,
  list: ReadonlyArray<WrittenPlayer>,
  { replace, findRealm }: { readonly replace: boolean; readonly findRealm: FindRealm }
) => {
  const writes = noWrites()
  const rows: Array<RosterRow> = []
  const wanted = list.map((written): Wanted => ({
    written,
    label: written.name ?? "",
    faults: new Faults(),
    stored: undefined,
    player: undefined
  }))
  const read = match(state, wanted)
  for (const { one, discord } of read) one.player = planPlayer(one, discord)
  refuseTwins(read)

  for (const one of wanted) {
    const { stored, player, label, written, faults } = one
    const note = (change: Change, fields?: ReadonlyArray<FieldFault>) =>
      rows.push({ player: player?.name ?? label, change, ...(fields && { fields }) })
    if (player === undefined) note("invalid", faults.fields)
    else if (stored === undefined) {
      writes.players_made.push(player)
      note("created")
    } else {
      const fields = differences(stored, player, playerFields)
      if (fields.length > 0) {
        writes.players_changed.push(player)
        note("updated", fields)
      } else if (written.characters.length === 0) note("unchanged")
    }
  }
  const kept = new Set(wanted.map(({ stored }) => stored?.id))
  const leaving = replace ? state.players.filter(({ id }) => !kept.has(id)) : []
  for (const { id, name } of leaving) {
    writes.players_removed.push(id)
    rows.push({ player: name, change: "removed" })
  }
  planCharacters({ state, words: wordsOf(state.game_version), wanted, findRealm, replace, writes, rows })
  return { writes, rows }
}
