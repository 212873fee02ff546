import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { foundGuild, somebody } from "../support/people.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"
import type { Any } from "./Any.ts"

/** `ROSTER_ROUNDS=1000` for the long run. */
const rounds = Number(process.env["ROSTER_ROUNDS"] ?? "25")

const mage = { region: "eu", server: "Spineshatter", class: "Mage", race: "Undead", spec: "Frost" }
const letters = (n: number) =>
  Array.from({ length: 4 }, (_, at) => String.fromCharCode(97 + (Math.floor(n / 26 ** at) % 26))).join("")

layer(TestApp.layer({ RATE_LIMIT_REQUESTS: "1000000" }), live)("two officers at once", (it) => {
  it.effect(
    `${rounds} rounds of bulk PUT against single edits: no lost update without a 412, no entry doubled, one main each`,
    () =>
      Effect.gen(function* () {
        const { admin, path, join } = yield* foundGuild()
        const officer = yield* somebody()
        yield* join(officer, "officer")
        const start = {
          players: ["Ann", "Bob", "Cid"].map((name) => ({
            name,
            characters: ["main", "alt", "alt"].map((rank, at) => ({ ...mage, name: `${name}${"xyz"[at]}`, rank }))
          }))
        }
        yield* admin.send("PUT", `${path}/roster`, { json: start, headers: { "if-match": "*" } })
        const revisionOf = ({ headers }: { readonly headers: Readonly<Record<string, string | undefined>> }) =>
          Number(headers["etag"]?.slice(1, -1))
        const counts = { put: 0, stale: 0, edit: 0 }
        for (let round = 0; round < rounds; round++) {
          const { body, headers } = yield* admin.send("GET", `${path}/roster`)
          const players = body.roster.players
          const seen = revisionOf({ headers })
          const [first, second] = players
          const alts = (player: Any) => player.characters.filter((c: Any) => c.rank === "alt")
          const put = (who: typeof admin, note: string) =>
            Effect.map(
              who.send("PUT", `${path}/roster`, {
                json: {
                  players: players.map(({ name, discord_user_id, characters }: Any) => ({
                    name,
                    discord_user_id,
                    note,
                    characters: characters.map(({ name, rank, spec }: Any) => ({ ...mage, name, rank, spec }))
                  }))
                },
                headers: { "if-match": `"${seen}"` }
              }),
              (answer) => ({ ...answer, kind: "put" as const })
            )
          const edit = (method: "POST" | "PATCH", url: string, json: unknown) =>
            Effect.map(officer.send(method, `${path}${url}`, { json }), (answer) => ({
              ...answer,
              kind: "edit" as const
            }))
          const answers = yield* Effect.all(
            [
              put(admin, `admin ${round}`),
              edit("PATCH", `/players/${first.id}`, { note: `edit ${round}` }),
              edit("PATCH", `/players/${first.id}/characters/${alts(first)[0].entry_id}`, { rank: "main" }),
              put(officer, `officer ${round}`),
              edit("PATCH", `/players/${second.id}/characters/${alts(second)[0].entry_id}`, {
                spec: round % 2 === 0 ? "Fire" : "Arcane"
              }),
              edit("PATCH", `/players/${second.id}/characters/${alts(second)[1].entry_id}`, { rank: "main" }),
              edit("POST", `/players/${first.id}/characters`, { ...mage, name: `New${letters(round)}` })
            ],
            { concurrency: "unbounded" }
          )
          const done = answers
            .filter(({ status }) => status < 300)
            .map((answer) => ({ ...answer, at: revisionOf(answer) }))
          for (const { kind, status, body } of answers) {
            if (status >= 300) assert.deepStrictEqual([kind, body.error?.code], ["put", "precondition.failed"])
            counts[status >= 300 ? "stale" : kind] += 1
          }
          assert.strictEqual(new Set(done.map(({ at }) => at)).size, done.length)
          // A PUT that was let through comes first of all: it had seen what was before it, and overwrote nothing else.
          for (const { kind, at } of done) if (kind === "put") assert.strictEqual(at, seen + 1)
          const after = (yield* admin.send("GET", `${path}/roster`)).body.roster
          assert.strictEqual(after.revision, Math.max(...done.map(({ at }) => at)))
          const now = after.players.find((p: Any) => p.id === first.id)
          assert.strictEqual(now.note, `edit ${round}`)
          assert.include(
            now.characters.map((c: Any) => c.name),
            `New${letters(round)}`
          )
          for (const { characters } of after.players) {
            assert.lengthOf(
              characters.filter((c: Any) => c.rank === "main"),
              characters.length > 0 ? 1 : 0
            )
          }
          const entries = after.players.flatMap((p: Any) => p.characters.map((c: Any) => c.id))
          assert.strictEqual(new Set(entries).size, entries.length)
          if (round % 20 === 19) yield* query`delete from characters where name like 'New%'`
        }
        const doubled = yield* query`
          select count(*)::int as n from (select name_key, region, realm_slug from characters where deleted_at is null
            group by 1, 2, 3 having count(*) > 1) twice`
        assert.deepStrictEqual(doubled, [{ n: 0 }])
        // Both happened: some got through, some were told.
        assert.strictEqual(counts.edit, rounds * 5)
        assert.strictEqual(counts.put + counts.stale, rounds * 2)
        assert.isAbove(counts.stale, rounds - 1)
        process.stdout.write(`${JSON.stringify({ rounds, ...counts })}\n`)
      }),
    rounds * 1000 + 20_000
  )

  it.effect("the same list from 16 officers at once makes everybody once", () =>
    Effect.gen(function* () {
      const { admin, path } = yield* foundGuild()
      const json = Array.from({ length: 5 }, (_, at) => ({
        name: `Same ${at}`,
        characters: [{ ...mage, name: `Same${letters(at)}`, rank: "main" }]
      }))
      const answers = yield* Effect.all(
        Array.from({ length: 16 }, () => admin.send("POST", `${path}/roster/import`, { json })),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
      assert.lengthOf(
        answers.filter(({ body }) => body.changes.created === 10),
        1
      )
      const { players } = (yield* admin.send("GET", `${path}/roster`)).body.roster
      assert.lengthOf(players, 6)
    })
  )

  it.effect("two guilds that list the same new characters at once share them", () =>
    Effect.gen(function* () {
      const guilds = yield* Effect.all(Array.from({ length: 4 }, () => foundGuild()))
      const json = [
        { name: "One", characters: Array.from({ length: 8 }, (_, at) => ({ ...mage, name: `Both${letters(at)}` })) }
      ]
      const answers = yield* Effect.all(
        guilds.map(({ admin, path }) => admin.send("POST", `${path}/roster/import`, { json })),
        { concurrency: "unbounded" }
      )
      for (const { status, body } of answers) assert.deepStrictEqual([status, body.changes?.created], [200, 9])
      assert.deepStrictEqual(yield* query`select count(*)::int as n from characters where name like 'Both%'`, [
        { n: 8 }
      ])
    })
  )
})
