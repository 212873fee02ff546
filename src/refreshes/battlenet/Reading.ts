import type { BattlenetSnapshot } from "../../characters/Character.ts"
import { type ProfilePart, readActiveSpec, readAvatar } from "./Profile.ts"

/** A snapshot to store, with Battle.net's id of the character: a different id means a different character. */
export interface BnetCharacter extends Omit<BattlenetSnapshot, "fetched_at" | "identity"> {
  readonly battlenet_id: number | null
  /** Fields that are null only because they could not be read this time. */
  readonly unread: ReadonlyArray<"avatar_url" | "active_spec_name">
}

/** The documents below the profile, and what each of them tells. */
export const documents = {
  "character-media": { field: "avatar_url", read: readAvatar },
  specializations: { field: "active_spec_name", read: readActiveSpec }
} as const
type DocumentName = keyof typeof documents

/** What is known of a character while some of its documents are still to be asked for. */
export interface Reading {
  readonly found: BnetCharacter
  readonly left: ReadonlyArray<DocumentName>
}

export const unknownReading: Reading = {
  found: {
    battlenet_id: null,
    avatar_url: null,
    level: null,
    equipped_item_level: null,
    active_spec_name: null,
    faction: null,
    class: null,
    race: null,
    error: "Battle.net does not know this character.",
    unread: []
  },
  left: []
}

export const begunWith = (profile: ProfilePart): Reading => ({
  found: { ...profile, avatar_url: null, error: null, unread: [] },
  left: profile.active_spec_name === null ? ["character-media", "specializations"] : ["character-media"]
})

/** `told` is undefined when the document could not be read. */
export const completedBy = (
  found: BnetCharacter,
  name: DocumentName,
  told: string | null | undefined
): BnetCharacter => {
  const { field } = documents[name]
  return told === undefined ? { ...found, unread: [...found.unread, field] } : { ...found, [field]: told }
}
