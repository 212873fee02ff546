import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { query } from "../support/query.ts"
import { foundGuild, somebody } from "../support/people.ts"
import { live, TestApp } from "../support/TestApp.ts"

layer(TestApp.layer(), live)("guilds", (it) => {
  it.effect("an update writes what was sent, and nothing else", () =>
    Effect.gen(function* () {
      const { admin, guild, params } = yield* foundGuild()
      const changed = (yield* admin.client.guilds.update({ params, payload: { name: " Dawn ", region: "US" } })).guild
      const { updated_at: _, ...expected } = { ...guild, name: "Dawn", region: "us" as const }
      assert.deepInclude(changed, expected)
      const same = (yield* admin.client.guilds.update({ params, payload: {} })).guild
      assert.deepInclude(same, { name: "Dawn", region: "us" })
      const error = yield* Effect.flip(admin.client.guilds.update({ params, payload: { name: "" } }))
      assert.strictEqual(error._tag, "guild.validation_failed")
    })
  )

  it.effect("Z06 fields that the caller may not set are ignored", () =>
    Effect.gen(function* () {
      const { admin, guild, path, params } = yield* foundGuild()
      const json = JSON.parse(
        '{"name":"Dusk","id":"x","user_id":"x","role":"x","created_at":"2000-01-01","deleted_at":"2000-01-01","__proto__":{"name":"P"},"constructor":{}}'
      )
      assert.strictEqual((yield* admin.send("PATCH", path, { json })).status, 200)
      const after = (yield* admin.client.guilds.get({ params })).guild
      assert.deepInclude(after, { id: guild.id, name: "Dusk", created_at: guild.created_at, deleted_at: null })
    })
  )

  it.effect("a deleted guild is gone for everyone, and its invite ends", () =>
    Effect.gen(function* () {
      const { admin, invite, params } = yield* foundGuild()
      const code = yield* invite
      yield* admin.client.guilds.remove({ params })
      assert.strictEqual((yield* Effect.flip(admin.client.guilds.get({ params })))._tag, "guild.not_found")
      assert.lengthOf((yield* admin.client.guilds.list()).guilds, 0)
      const late = yield* Effect.flip((yield* somebody()).client.invites.accept({ params: { invite_code: code } }))
      assert.strictEqual(late._tag, "guild.invite_not_found")
    })
  )

  it.effect(
    "Z02 Z03 another's, a missing and a deleted guild look the same, and ids mixed across guilds change nothing",
    () =>
      Effect.gen(function* () {
        const [mine, theirs, gone] = [yield* foundGuild(), yield* foundGuild(), yield* foundGuild()]
        yield* gone.admin.client.guilds.remove({ params: gone.params })
        const ids = [theirs.guild.id, "00000000-0000-4000-8000-000000000000", gone.guild.id]
        const answers = yield* Effect.forEach(ids, (id) => mine.admin.send("GET", `/api/v1/guilds/${id}`))
        const plain = answers.map(({ status, body }) => [
          status,
          body.error.code,
          body.error.message,
          body.error.details
        ])
        assert.deepStrictEqual([plain[1], plain[2]], [plain[0], plain[0]])
        const mixed = { guild_id: mine.guild.id, user_id: theirs.admin.id }
        const error = yield* Effect.flip(
          mine.admin.client.guilds.setRole({ params: mixed, payload: { role: "applicant" } })
        )
        assert.strictEqual(error._tag, "guild.member_not_found")
        const [row] = yield* query`select role from guild_memberships where user_id = ${theirs.admin.id}::uuid`
        assert.strictEqual(row!.role, "admin")
      })
  )

  it.effect("an admin sets any member's role, and the last admin stays admin", () =>
    Effect.gen(function* () {
      const { admin, join, params } = yield* foundGuild()
      const other = yield* somebody()
      yield* join(other)
      const setRole = (user_id: typeof other.id, role: string) =>
        admin.client.guilds.setRole({ params: { ...params, user_id }, payload: { role } })
      for (const role of ["raider", "officer", "applicant", "admin"]) {
        assert.strictEqual((yield* setRole(other.id, role)).member.role, role)
      }
      assert.strictEqual((yield* Effect.flip(setRole(other.id, "king")))._tag, "guild.invalid_role")
      yield* setRole(other.id, "raider")
      assert.strictEqual((yield* Effect.flip(setRole(admin.id, "raider")))._tag, "guild.last_admin")
      assert.strictEqual(
        (yield* Effect.flip(admin.client.guilds.removeMember({ params: { ...params, user_id: admin.id } })))._tag,
        "guild.last_admin"
      )
    })
  )

  it.effect("a member who leaves or is removed is refused from then on, and may return as applicant", () =>
    Effect.gen(function* () {
      const { admin, invite, join, params } = yield* foundGuild()
      const [leaver, removed] = [yield* somebody(), yield* somebody()]
      yield* join(leaver, "officer")
      yield* join(removed, "raider")
      const remove = (by: typeof admin, user: typeof admin) =>
        by.client.guilds.removeMember({ params: { ...params, user_id: user.id } })
      assert.strictEqual((yield* Effect.flip(remove(leaver, removed)))._tag, "guild.admin_required")
      yield* remove(leaver, leaver)
      yield* remove(admin, removed)
      assert.strictEqual((yield* Effect.flip(removed.client.guilds.get({ params })))._tag, "guild.not_found")
      assert.strictEqual((yield* Effect.flip(remove(admin, removed)))._tag, "guild.member_not_found")
      const { guild } = yield* removed.client.invites.accept({ params: { invite_code: yield* invite } })
      assert.strictEqual(guild.membership_role, "applicant")
    })
  )

  it.effect("an invite is shown to officers and admins while it is live, with its terms", () =>
    Effect.gen(function* () {
      const { admin, join, params } = yield* foundGuild()
      const [officer, raider] = [yield* somebody(), yield* somebody()]
      yield* join(officer, "officer")
      yield* join(raider, "raider")
      const { invite } = yield* admin.client.guilds.rotateInvite({
        params,
        payload: { expires_in_seconds: 3600, max_uses: 2 }
      })
      assert.deepInclude(invite, { max_uses: 2, uses: 0 })
      const seen = (yield* officer.client.guilds.get({ params })).guild
      assert.match(seen.invite_url!, new RegExp(`/guild-invites/${invite.code}$`))
      assert.deepStrictEqual(seen.invite, { expires_at: invite.expires_at, max_uses: 2, uses: 0 })
      assert.notProperty((yield* raider.client.guilds.get({ params })).guild, "invite_url")
      yield* admin.client.guilds.revokeInvite({ params })
      assert.notProperty((yield* admin.client.guilds.get({ params })).guild, "invite_url")
    })
  )

  it.effect("an invite can be previewed before joining, and ends by time, by use and by rotation", () =>
    Effect.gen(function* () {
      const { admin, invite, params } = yield* foundGuild()
      const [first, second] = [yield* somebody(), yield* somebody()]
      const rotated = yield* invite
      const limited = (yield* admin.client.guilds.rotateInvite({ params, payload: { max_uses: 1 } })).invite.code
      const at = (invite_code: string) => ({ params: { invite_code } })
      assert.deepStrictEqual((yield* first.client.invites.preview(at(limited))).guild, {
        name: "Night Watch",
        realm: "Spineshatter",
        region: "eu",
        faction: "horde"
      })
      assert.strictEqual((yield* Effect.flip(first.client.invites.accept(at(rotated))))._tag, "guild.invite_not_found")
      yield* first.client.invites.accept(at(limited))
      assert.strictEqual((yield* Effect.flip(second.client.invites.accept(at(limited))))._tag, "guild.invite_not_found")
      const timed = (yield* admin.client.guilds.rotateInvite({ params, payload: { expires_in_seconds: 60 } })).invite
        .code
      yield* query`update guild_invites set expires_at = now() where code = ${timed}`
      assert.strictEqual((yield* Effect.flip(second.client.invites.preview(at(timed))))._tag, "guild.invite_not_found")
    })
  )

  it.effect("the history says who did what to whom, newest first, in pages", () =>
    Effect.gen(function* () {
      const { admin, join, params } = yield* foundGuild()
      const other = yield* somebody()
      yield* join(other, "raider")
      yield* admin.client.guilds.update({ params, payload: { name: "Renamed" } })
      yield* other.client.guilds.removeMember({ params: { ...params, user_id: other.id } })
      const page = (query: { cursor?: string; limit?: number }) => admin.client.guilds.history({ params, query })
      const { events, next_cursor } = yield* page({})
      const types = ["left", "updated", "role_changed", "joined", "invite_rotated", "created"]
      assert.deepStrictEqual([events.map(({ type }) => type), next_cursor], [types, null])
      assert.deepStrictEqual(events[2]!.details, { from: "applicant", to: "raider" })
      assert.deepStrictEqual([events[2]!.actor!.user_id, events[2]!.target!.user_id], [admin.id, other.id])
      const first = yield* page({ limit: 4 })
      const second = yield* page({ limit: 4, cursor: first.next_cursor! })
      assert.deepStrictEqual([...first.events, ...second.events], [...events])
      assert.strictEqual((yield* Effect.flip(page({ cursor: "garbage" })))._tag, "validation.invalid_request")
    })
  )

  it.effect("members can list members, and only an admin changes a role", () =>
    Effect.gen(function* () {
      const { admin, params, join } = yield* foundGuild()
      const raider = yield* somebody()
      yield* join(raider, "raider")
      const { members } = yield* raider.client.guilds.members({ params })
      assert.sameMembers(
        members.map(({ role, user_id }) => `${role} ${user_id}`),
        [`admin ${admin.id}`, `raider ${raider.id}`]
      )
      const role = raider.client.guilds.setRole({
        params: { ...params, user_id: raider.id },
        payload: { role: "admin" }
      })
      assert.strictEqual((yield* Effect.flip(role))._tag, "guild.admin_required")
    })
  )
})
