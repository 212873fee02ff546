import { Schema } from "effect"
import { BattlenetSnapshot, WarcraftlogsSnapshot } from "../characters/Character.ts"
import { field } from "../http/Documented.ts"
import { NullableTimestamp, Timestamp } from "../http/Timestamp.ts"

/* Each section has the columns of a table by their names, but for secrets: `ExportSql.ts` reads what is declared here. */

const id = (what: string) => field(Schema.String, what, "0199c3f0-6f3e-7a57-8f1c-2b7a1f6f0a11", { format: "uuid" })
const maybeId = (what: string) => field(Schema.NullOr(Schema.String), what, null, { format: "uuid" })
const text = (what: string, example: string) => field(Schema.String, what, example)
const maybe = (what: string, example: string | null = null) => field(Schema.NullOr(Schema.String), what, example)
const number = (what: string, example: number) => field(Schema.Int, what, example)
const maybeNumber = (what: string) => field(Schema.NullOr(Schema.Int), what, null)
const maybeFlag = (what: string) => field(Schema.NullOr(Schema.Boolean), what, null)
const at = (what: string) => field(Timestamp, what)
const maybeAt = (what: string) => field(NullableTimestamp, what)
const json = (what: string, example: unknown = null) => field(Schema.Unknown, what, example)
const written = { created_at: at("When it was made."), updated_at: at("When it was last changed.") }
const inGuild = { guild_id: id("The guild.") }

export const sections = {
  identity: Schema.Struct({
    id: id("Of the link to Discord."),
    user_id: id("The person."),
    discord_user_id: text("Id at Discord.", "180000000000000001"),
    last_login_at: maybeAt("When the person signed in last."),
    last_profile_refresh_at: maybeAt("When the profile was last read."),
    relogin_required_at: maybeAt("Since when a new sign-in is needed; null if none is."),
    relogin_reason: maybe("Why."),
    ...written
  }),
  profile: Schema.Struct({
    id: id("Of the profile."),
    username: text("The unique name at Discord.", "cyra"),
    discriminator: maybe("Four digits of older names.", "0"),
    global_name: maybe("The name to show.", "Cyra"),
    avatar: maybe("Hash of the picture."),
    bot: maybeFlag("As Discord tells it."),
    system: maybeFlag("As Discord tells it."),
    mfa_enabled: maybeFlag("As Discord tells it."),
    banner: maybe("Hash of the banner."),
    accent_color: maybeNumber("As a number."),
    locale: maybe("Language.", "en-GB"),
    verified: maybeFlag("As Discord tells it."),
    flags: maybeNumber("As Discord tells it."),
    premium_type: maybeNumber("As Discord tells it."),
    public_flags: maybeNumber("As Discord tells it."),
    avatar_decoration_data: json("As Discord tells it."),
    collectibles: json("As Discord tells it."),
    primary_guild: json("As Discord tells it."),
    ...written
  }),
  access: Schema.Struct({
    id: id("Of the stored access to Discord, whose tokens are sealed and not told."),
    token_type: text("Kind of token.", "Bearer"),
    scope: text("What it allows.", "identify"),
    expires_at: at("When it ends."),
    ...written
  }),
  sessions: Schema.Struct({
    id: id("Of the session."),
    user_id: id("The person."),
    ...written,
    last_seen_at: at("When it was last used."),
    expires_at: at("When it ends."),
    revoked_at: maybeAt("When it was ended."),
    login_ip_address: maybe("Address at its begin.", "192.0.2.7"),
    login_location_country: maybe("Where that is.", "SE"),
    login_location_region: maybe("Where that is.", "AB"),
    login_location_city: maybe("Where that is.", "Stockholm"),
    current_ip_address: maybe("Address at its last use.", "192.0.2.7"),
    current_location_country: maybe("Where that is.", "SE"),
    current_location_region: maybe("Where that is.", "AB"),
    current_location_city: maybe("Where that is.", "Stockholm"),
    user_agent: maybe("The browser.", "Mozilla/5.0")
  }),
  sign_ins: Schema.Struct({
    id: id("Of the sign-in."),
    session_id: maybeId("The session that it opened."),
    provider: text("Where.", "discord"),
    created_at: at("When it began."),
    expires_at: at("When it had to be finished."),
    consumed_at: maybeAt("When it was."),
    ip_address: maybe("From which address.", "192.0.2.7"),
    user_agent: maybe("The browser.", "Mozilla/5.0"),
    return_to: maybe("Where in the app it led.")
  }),
  memberships: Schema.Struct({
    id: id("Of the membership."),
    ...inGuild,
    user_id: id("The person."),
    role: text("Role in the guild.", "raider"),
    ...written,
    deleted_at: maybeAt("When it ended.")
  }),
  invites: Schema.Struct({
    id: id("Of an invite that the person made; its code is the guild's."),
    ...inGuild,
    created_by_user_id: id("The person."),
    ...written,
    revoked_at: maybeAt("When it was ended."),
    expires_at: maybeAt("When it ends."),
    max_uses: maybeNumber("How many may accept it."),
    uses: number("How many have.", 1)
  }),
  players: Schema.Struct({
    id: id("Of the player on a roster who is the person."),
    ...inGuild,
    name: text("As the guild calls them.", "Cyra"),
    name_of_profile: field(Schema.Boolean, "Whether the name came with the profile.", true),
    discord_user_id: maybe("Id at Discord.", "180000000000000001"),
    user_id: maybeId("The person, while they are a member."),
    status: text("On the roster.", "active"),
    status_before: maybe("Before the person left."),
    note: maybe("The guild's note."),
    ...written
  }),
  entries: Schema.Struct({
    id: id("Of a character on a roster under such a player."),
    ...inGuild,
    player_id: id("The player."),
    character_id: id("The character."),
    class: text("In English.", "Mage"),
    spec: text("In English.", "Frost"),
    role: text("In a raid.", "ranged"),
    rank: text("Main or alt.", "main"),
    off_specs: field(Schema.Array(Schema.String), "What else it can play.", ["Fire"]),
    note: maybe("The guild's note."),
    ...written
  }),
  roster_changes: Schema.Struct({
    id: text("Number of a change of a roster that the person made, or that was about them.", "41"),
    ...inGuild,
    created_at: at("When it was made."),
    actor_id: maybeId("The person, if they made it."),
    change: text("What was done.", "player_changed"),
    player_id: id("The player."),
    player_name: text("At that time.", "Cyra"),
    character_id: maybeId("The character."),
    character_name: maybe("At that time."),
    fields: json("What was changed of it.", [])
  }),
  characters: Schema.Struct({
    id: id("Of a character that the person owns."),
    user_id: id("The person."),
    name: text("In the game.", "Cyrandel"),
    region: text("Of the realm.", "eu"),
    server: text("The realm.", "Spineshatter"),
    class: text("In English.", "Mage"),
    race: maybe("In English.", "Undead"),
    spec: text("In English.", "Frost"),
    role: text("In a raid.", "ranged"),
    rank: text("Main or alt.", "main"),
    ...written,
    deleted_at: maybeAt("When it was removed."),
    warcraftlogs: field(Schema.NullOr(WarcraftlogsSnapshot), "What Warcraft Logs told; null before a refresh."),
    battlenet: field(Schema.NullOr(BattlenetSnapshot), "What Battle.net told; null before a refresh.")
  }),
  plans: Schema.Struct({
    id: id("Of a plan that the person made or wrote last."),
    ...inGuild,
    title: text("Of the plan.", "Thursday"),
    created_by: maybeId("The person, if they made it."),
    updated_by: maybeId("The person, if they wrote it last."),
    ...written,
    deleted_at: maybeAt("When it was deleted.")
  }),
  plan_revisions: Schema.Struct({
    plan_id: id("The plan."),
    revision: number("Which write of it, by the person.", 2),
    created_at: at("When it was written."),
    actor_id: id("The person."),
    summary: text("What was done.", "Cyrandel to group 1 of Raid."),
    title: json("The title before and after."),
    raids: json("What was changed of the raids.", []),
    moves: json("Who was moved.", [])
  }),
  plan_seats: Schema.Struct({
    plan_id: id("A plan that seats such a player."),
    entry_id: id("The entry of the roster."),
    character_id: id("The character."),
    player_id: id("The player."),
    name: text("Of the character.", "Cyrandel"),
    player_name: text("When it was written.", "Cyra"),
    raid: number("Which raid of the plan.", 0),
    spec: text("In English.", "Frost"),
    role: text("In the raid.", "ranged")
  }),
  plan_links: Schema.Struct({
    id: id("Of a link to a plan that the person made; the link itself is not stored."),
    plan_id: id("The plan."),
    created_by: id("The person."),
    created_at: at("When it was made."),
    expires_at: maybeAt("When it ends."),
    revoked_at: maybeAt("When it was ended."),
    last_used_at: maybeAt("When it was last used.")
  }),
  ruleset_values: Schema.Struct({
    ...inGuild,
    ruleset: text("The ruleset whose values the person wrote last.", "tbc-anniversary@1"),
    revision: number("Of the values.", 1),
    values: json("The guild's values.", {}),
    updated_by: id("The person."),
    updated_at: at("When.")
  }),
  keys: Schema.Struct({
    id: id("Of a guild's key that the person made."),
    ...inGuild,
    name: text("As the person called it.", "Discord bot"),
    prefix: text("The beginning of its token, of which no more is stored than a hash.", "raid_3fA9xKq2"),
    scopes: json("What it may be used for.", ["plans:read"]),
    created_by: id("The person."),
    created_at: at("When it was made."),
    expires_at: maybeAt("When it ends."),
    revoked_at: maybeAt("When it was revoked."),
    last_used_at: maybeAt("When it was last used.")
  }),
  refreshes: Schema.Struct({
    id: id("Of a refresh that the person asked for."),
    ...inGuild,
    requested_by: id("The person."),
    outcome: maybe("How it ended.", "done"),
    created_at: at("When it began."),
    moved_at: at("When something of it was last done."),
    finished_at: maybeAt("When it ended.")
  }),
  compositions: Schema.Struct({
    id: id("Of a composition of a plan that the person asked for."),
    plan_id: id("The plan."),
    ...inGuild,
    parent_id: maybeId("Of which it asked why not."),
    requested_by: id("The person."),
    wishes: json("What was wished for.", {}),
    state: text("How far it is.", "done"),
    created_at: at("When it was asked for."),
    started_at: maybeAt("When its work began."),
    finished_at: maybeAt("When it ended.")
  }),
  events: Schema.Struct({
    id: id("Of a security event by the person, about them, or from an address and browser of theirs."),
    event_type: text("What happened.", "sign_in_succeeded"),
    created_at: at("When it happened."),
    user_id: maybeId("The person, if they did it."),
    target_user_id: maybeId("The person, if it was done to them."),
    guild_id: maybeId("The guild."),
    session_id: maybeId("The session, if the person did it."),
    ip_address: maybe("From where, if the person did it.", "192.0.2.7"),
    user_agent: maybe("The browser, if the person did it.", "Mozilla/5.0"),
    metadata: json("Facts about an event of this type.", {})
  })
} as const

const listOf = (name: keyof typeof sections) => Schema.Array(sections[name])

export const AccountExport = Schema.Struct({
  exported_at: at("When it was read."),
  user: Schema.Struct({ id: id("The person."), ...written }),
  identity: sections.identity,
  profile: field(Schema.NullOr(sections.profile), "As Discord last told it."),
  access: field(Schema.NullOr(sections.access), "The stored access to the profile."),
  sessions: field(listOf("sessions"), "Those of the last months, ended ones too."),
  sign_ins: field(listOf("sign_ins"), "Those of the last day."),
  memberships: field(listOf("memberships"), "Of guilds, ended ones too."),
  invites: field(listOf("invites"), "That the person made."),
  players: field(listOf("players"), "On rosters of guilds."),
  entries: field(listOf("entries"), "Their characters there."),
  roster_changes: field(listOf("roster_changes"), "Of the history of rosters."),
  characters: field(listOf("characters"), "That the person owns, with what the providers told."),
  plans: field(listOf("plans"), "That the person made or wrote last."),
  plan_revisions: field(listOf("plan_revisions"), "That the person wrote."),
  plan_seats: field(listOf("plan_seats"), "Of the person's players."),
  plan_links: field(listOf("plan_links"), "That the person made."),
  ruleset_values: field(listOf("ruleset_values"), "That the person wrote last."),
  keys: field(listOf("keys"), "Of guilds, that the person made."),
  refreshes: field(listOf("refreshes"), "That the person asked for."),
  compositions: field(listOf("compositions"), "That the person asked for, of the last month."),
  events: field(listOf("events"), "Of security, newest first.")
}).annotate({ identifier: "AccountExport", description: "All that is stored about a person, but for secrets." })
export type AccountExport = typeof AccountExport.Type
