import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Roster, RosterOutcome } from "../../src/roster/Roster.ts"
import { RosterFile } from "../../src/roster/RosterFile.ts"
import { details, foundGuild, somebody } from "../support/people.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"
import type { Any } from "./Any.ts"
import { naive, reference, spreadsheet } from "./reference.ts"

/** The document promises this shape, and nothing more. */
const isExactly = <S extends Schema.ConstraintDecoder<unknown>>(schema: S, body: unknown) =>
  assert.deepStrictEqual(Schema.decodeUnknownSync(schema, { onExcessProperty: "error" })(body), body)

const nothing = { created: 0, updated: 0, unchanged: 0, removed: 0, invalid: 0 }

layer(TestApp.layer(), live)("the roster as a whole", (it) => {
  const opened = Effect.gen(function* () {
    const { admin, path, guild, ...rest } = yield* foundGuild()
    const put = (json: unknown, query = "", match = "*") =>
      admin.send("PUT", `${path}/roster${query}`, { json, headers: { "if-match": match } })
    return { ...rest, admin, path, guild, put }
  })

  it.effect("the reference roster: PUT, import CSV, export, import again: unchanged 121 times", () =>
    Effect.gen(function* () {
      const { admin, path, put } = yield* opened
      const characters = reference.players.flatMap(({ characters }) => characters)
      assert.deepStrictEqual([reference.players.length, characters.length], [43, 121])
      assert.lengthOf(
        characters.filter(({ name }) => /[^\x20-\x7e]/.test(name)),
        17
      )

      const made = yield* put(reference)
      assert.deepStrictEqual([made.status, made.body.changes], [200, { ...nothing, created: 164, removed: 1 }])
      assert.strictEqual(made.headers.etag, `"${made.body.revision}"`)
      isExactly(RosterOutcome, made.body)
      const again = yield* put(reference, "", made.headers.etag)
      assert.deepStrictEqual([again.status, again.body.changes], [200, { ...nothing, unchanged: 121 }])
      assert.strictEqual(again.headers.etag, made.headers.etag)

      const csv = yield* admin.send("POST", `${path}/roster/import`, { text: [spreadsheet(), "text/csv"] })
      assert.deepStrictEqual([csv.status, csv.body.changes], [200, { ...nothing, unchanged: 121 }])
      for (const format of ["csv", "json"]) {
        const { status, body } = yield* admin.send("GET", `${path}/roster/export?format=${format}`)
        assert.strictEqual(status, 200)
        const file = format === "csv" ? ({ text: [body, "text/csv; charset=utf-8"] } as const) : { json: body }
        for (const options of ["", "?dry_run=true&replace=true", "?replace=true"]) {
          const back = yield* admin.send("POST", `${path}/roster/import${options}`, file)
          assert.deepStrictEqual([back.status, back.body.changes], [200, { ...nothing, unchanged: 121 }])
        }
      }

      isExactly(RosterFile, (yield* admin.send("GET", `${path}/roster/export`)).body)
      const { body } = yield* admin.send("GET", `${path}/roster`)
      isExactly(Schema.Struct({ roster: Roster }), body)
      assert.strictEqual(body.roster.revision, made.body.revision)
      const shown = body.roster.players.map(({ name, discord_user_id, status, note, characters }: Any) => ({
        name,
        discord_user_id,
        status,
        note,
        characters: characters.map((one: Any) => one.name).toSorted()
      }))
      const sent = reference.players.map(({ characters, ...player }) => ({
        ...player,
        characters: characters.map(({ name }) => name).toSorted()
      }))
      const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
      assert.deepStrictEqual(shown.toSorted(byName), sent.toSorted(byName))
      assert.deepStrictEqual(yield* query`select count(*)::int as n from roster_entries where rank = 'main'`, [
        { n: 43 }
      ])
    })
  )

  it.effect("the file of the planner in use today imports as it is", () =>
    Effect.gen(function* () {
      const { admin, path } = yield* opened
      const dry = yield* admin.send("POST", `${path}/roster/import?dry_run=true`, { json: naive })
      assert.deepStrictEqual(
        [dry.status, dry.body.dry_run, dry.body.changes],
        [200, true, { ...nothing, created: 164 }]
      )
      const before = yield* admin.send("GET", `${path}/roster`)
      assert.lengthOf(before.body.roster.players, 1)
      const { status, body } = yield* admin.send("POST", `${path}/roster/import`, { json: naive })
      assert.deepStrictEqual([status, body.changes, body.rows], [200, dry.body.changes, dry.body.rows])
      const after = yield* admin.send("GET", `${path}/roster`)
      assert.lengthOf(after.body.roster.players, 44)
      const feral = after.body.roster.players.flatMap((p: Any) => p.characters).find((c: Any) => c.spec === "Feral")
      assert.deepInclude(feral, { server: details.realm, region: details.region, role: "tank" })
    })
  )

  it.effect("412 with the revision when it is stale, 428 without one, and neither changes a thing", () =>
    Effect.gen(function* () {
      const { admin, path, put } = yield* opened
      const { headers } = yield* admin.send("GET", `${path}/roster`)
      const added = yield* admin.send("POST", `${path}/players`, { json: { name: "Later" } })
      assert.strictEqual(added.status, 201)
      const stale = yield* put({ players: [] }, "", headers.etag)
      assert.deepStrictEqual([stale.status, stale.body.error.code], [412, "precondition.failed"])
      assert.strictEqual(`"${stale.body.error.details.revision}"`, added.headers.etag)
      const bare = yield* admin.send("PUT", `${path}/roster`, { json: { players: [] } })
      assert.deepStrictEqual([bare.status, bare.body.error.code], [428, "precondition.required"])
      for (const odd of ['"x"', 'W/"1"', '"999999"', "\"1', '"]) {
        assert.strictEqual((yield* put({ players: [] }, "", odd)).status, 412, odd)
      }
      assert.lengthOf((yield* admin.send("GET", `${path}/roster`)).body.roster.players, 2)
      const dry = yield* admin.send("PUT", `${path}/roster?dry_run=true`, { json: { players: [] } })
      assert.deepStrictEqual([dry.status, dry.body.changes], [200, { ...nothing, removed: 2 }])
    })
  )

  it.effect("an invalid row says which field and why; a write with one is 422 and changes nothing", () =>
    Effect.gen(function* () {
      const { admin, path, put } = yield* opened
      const good = { name: "Kravá", class: "Warrior", race: "Orc", spec: "Fury", rank: "main" }
      const players = [
        { name: "Good", characters: [good] },
        {
          name: "Twice",
          characters: [
            { ...good, name: "KRAVÁ" },
            { ...good, name: "Kravà" }
          ]
        },
        { name: "Twice", characters: [] },
        { name: " ", characters: [] },
        { name: "Odd id", discord_user_id: "12", characters: [] },
        {
          name: "Many",
          characters: [
            { ...good, name: "X" },
            { ...good, name: "Kra va" },
            { ...good, name: "Krabc", class: "Bard" },
            { ...good, name: "Krabd", spec: "Holy" },
            { ...good, name: "Krabe", race: "Elf" },
            { ...good, name: "Krabf", server: "Spinesmasher" },
            { ...good, name: "Krabg", role: "dps" },
            { ...good, name: "Krabh", off_specs: ["Frost"] },
            { ...good, name: "Krabi", note: "x".repeat(501) },
            { ...good, name: "Krabj" },
            { ...good, name: "Krabk" }
          ]
        }
      ]
      const dry = yield* put({ players }, "?dry_run=true")
      assert.strictEqual(dry.status, 200)
      const faults = dry.body.rows
        .filter(({ change }: Any) => change === "invalid")
        .map(({ player, character, fields }: Any) => [player, character, ...fields.map(({ field }: Any) => field)])
      assert.deepStrictEqual(faults, [
        ["Twice", undefined, "name"],
        [" ", undefined, "name"],
        ["Odd id", undefined, "discord_user_id"],
        ["Twice", "Kravá", "name"],
        ["Many", "X", "name"],
        ["Many", "Kra va", "name"],
        ["Many", "Krabc", "class"],
        ["Many", "Krabd", "spec"],
        ["Many", "Krabe", "race"],
        ["Many", "Krabf", "server"],
        ["Many", "Krabg", "role"],
        ["Many", "Krabh", "off_specs"],
        ["Many", "Krabi", "note"],
        ["Many", "Krabk", "rank"]
      ])
      const realm = dry.body.rows.find(({ character }: Any) => character === "Krabf").fields[0].reason
      assert.match(realm, /^is no realm of eu; nearest are Spineshatter, .+, .+$/)
      const write = yield* put({ players })
      assert.deepStrictEqual([write.status, write.body.error.code], [422, "roster.validation_failed"])
      assert.deepStrictEqual(write.body.error.details.rows, dry.body.rows)
      assert.lengthOf((yield* admin.send("GET", `${path}/roster`)).body.roster.players, 1)
    })
  )

  it.effect("a row of a known character moves it; what an import leaves out stays, what a PUT leaves out goes", () =>
    Effect.gen(function* () {
      const { admin, path, put } = yield* opened
      const one = { class: "Mage", race: "Troll", spec: "Frost" }
      const start = {
        players: [
          {
            name: "Ann",
            characters: [
              { ...one, name: "Annika", rank: "main" },
              { ...one, name: "Annoth", rank: "alt" }
            ]
          },
          { name: "Bob", note: "keeps", characters: [{ ...one, name: "Bobbin" }] }
        ]
      }
      yield* put(start)
      const csv = "player,character,rank\nBob,Annoth,main\n"
      const moved = yield* admin.send("POST", `${path}/roster/import`, { text: [csv, "text/csv"] })
      assert.deepStrictEqual([moved.status, moved.body.changes], [200, { ...nothing, updated: 2 }])
      assert.deepStrictEqual(
        moved.body.rows.map(({ player, character, fields }: Any) => [player, character, fields]),
        [
          [
            "Bob",
            "Annoth",
            [
              { field: "player", reason: "Ann becomes Bob" },
              { field: "rank", reason: "alt becomes main" }
            ]
          ],
          ["Bob", "Bobbin", [{ field: "rank", reason: "main becomes alt" }]]
        ]
      )
      const left = yield* put({ players: [{ name: "Bob", characters: [{ name: "Annoth" }] }] })
      assert.deepStrictEqual([left.status, left.body.changes], [200, { ...nothing, unchanged: 1, removed: 3 }])
      const { players } = (yield* admin.send("GET", `${path}/roster`)).body.roster
      assert.deepStrictEqual(
        players.map(({ name, note, characters }: Any) => [name, note, characters.map((c: Any) => [c.name, c.rank])]),
        [["Bob", "keeps", [["Annoth", "main"]]]]
      )
    })
  )

  it.effect("Discord ids can be swapped, and are one player's each", () =>
    Effect.gen(function* () {
      const { admin, path, put, join } = yield* opened
      const member = yield* somebody()
      yield* join(member, "raider")
      const [{ discord }] =
        (yield* query`select discord_user_id as discord from discord_identities where user_id = ${member.id}::uuid`) as Any
      const other = "930000000000000999"
      yield* put({
        players: [
          { name: "A", discord_user_id: discord, characters: [] },
          { name: "B", discord_user_id: other, characters: [] }
        ]
      })
      const linked = Effect.map(admin.send("GET", `${path}/roster`), ({ body }) =>
        body.roster.players.map((p: Any) => [p.name, p.user_id === member.id, p.discord?.id])
      )
      assert.deepStrictEqual(yield* linked, [
        ["A", true, discord],
        ["B", false, undefined]
      ])
      const csv = `player;discord_user_id\nA;${other}\nB;${discord}`
      const { status, body } = yield* admin.send("POST", `${path}/roster/import`, { text: [csv, "text/csv"] })
      // By Discord id the rows are the other player each, so the names are what is swapped.
      assert.deepStrictEqual([status, body.changes], [200, { ...nothing, updated: 2 }])
      assert.deepStrictEqual(yield* linked, [
        ["A", false, undefined],
        ["B", true, discord]
      ])
    })
  )

  it.effect("the largest roster, 400 players and 1,500 characters, is written whole, and not one more", () =>
    Effect.gen(function* () {
      const { admin, path, put } = yield* opened
      const letters = (n: number) =>
        [n % 26, Math.floor(n / 26) % 26, Math.floor(n / 676)].map((at) => String.fromCharCode(97 + at)).join("")
      const one = { class: "Mage", race: "Troll", spec: "Frost", note: "n".repeat(100) }
      const players = Array.from({ length: 400 }, (_, at) => ({
        name: `Largest ${at}`,
        discord_user_id: String(940_000_000_000_000_000n + BigInt(at)),
        characters: Array.from({ length: at < 300 ? 4 : 3 }, (_, alt) => ({
          ...one,
          name: `Largest${letters(at * 4 + alt)}`,
          rank: alt === 0 ? "main" : "alt"
        }))
      }))
      const made = yield* put({ players })
      assert.deepStrictEqual([made.status, made.body.changes?.created], [200, 1900])
      const changed = players.map((player) => ({
        ...player,
        characters: player.characters.map((each) => ({ ...each, spec: "Fire" }))
      }))
      const { status, body } = yield* put({ players: changed })
      assert.deepStrictEqual([status, body.changes], [200, { ...nothing, updated: 1500 }])
      const more = yield* admin.send("POST", `${path}/players`, { json: { name: "One more" } })
      assert.deepStrictEqual([more.status, more.body.error.code], [409, "roster.full"])
      const shown = yield* admin.send("GET", `${path}/roster`)
      assert.deepStrictEqual([shown.status, shown.body.roster.players.length], [200, 400])
      assert.strictEqual((yield* put({ players: [] })).body.changes.removed, 1900)
    })
  )
})
