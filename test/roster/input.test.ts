import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { foundGuild } from "../support/people.ts"
import { slowness } from "../support/slowness.ts"
import { live, TestApp } from "../support/TestApp.ts"
import type { Any } from "./Any.ts"

const megabyte = 1024 * 1024
const fill = (head: string, part: string, tail = "") =>
  head + part.repeat(Math.floor((megabyte - head.length - tail.length) / part.length)) + tail
const columns =
  "player,discord_user_id,status,player_note,character,region,server,class,race,spec,role,rank,off_specs,note\n"

const hostileJson: ReadonlyArray<readonly [string, string]> = [
  ["brackets", fill("", "[")],
  ["braces", fill("", '{"a":')],
  [
    "keys",
    `{${Array.from({ length: 110_000 }, (_, n) => `"${n}":1`)
      .join(",")
      .slice(0, megabyte - 10)}}`
  ],
  ["short keys at every level", fill('{"players":[', '{"a":1,"b":2,"c":3},', "{}]}")],
  ["players", fill('{"players":[', '{"name":"a","characters":[]},', "{}]}")],
  ["characters", fill('{"players":[{"name":"a","characters":[', '{"name":"Aa"},', '{"name":"Ab"}]}]}')],
  ["off-specs", fill('{"players":[{"name":"a","characters":[{"name":"Aa","off_specs":[', '"",', '""]}]}]}')],
  ["escapes", fill('{"players":[],"x":"', "\\u0041", '"}')],
  ["backslashes", fill('{"players":[],"x":"', "\\\\", '"}')],
  ["quotes", fill("", '"')],
  ["a long text", fill('{"players":[{"name":"', "a", '","characters":[]}]}')],
  ["digits", fill('{"players":[],"x":', "1", "}")],
  ["commas", fill("[", ",", "]")],
  [
    "realms that do not exist",
    `{"players":[{"name":"a","characters":[${Array.from({ length: 1500 }, (_, n) => `{"name":"Abc","class":"Mage","spec":"Frost","server":"${String(n).padStart(90, "x")}"}`).join(",")}]}]}`
  ]
]

const hostileCsv: ReadonlyArray<readonly [string, string]> = [
  ["commas", fill(columns, ",")],
  ["quotes", fill(columns, '"')],
  ["quoted cells", fill(columns, '"a",')],
  ["an open quote", fill(`${columns}"`, "a")],
  ["empty lines", fill(columns, "\n")],
  ["rows", fill(columns, "a,,,,,,,,,,,,,\n")],
  ["columns", fill("player", ",a")],
  ["long rows", fill(columns, `a,,,${"n".repeat(500)},Abc,,,Mage,,Frost,,,,${"n".repeat(30)}\n`)],
  ["off-specs", fill(columns, `a,,,,Abc,,,Mage,,Frost,,,${"Fire|".repeat(1000)},\n`)]
]

const builtIn = ["__proto__", "constructor", "toString", "hasOwnProperty"]

layer(TestApp.layer(), live)("bodies of the roster", (it) => {
  it.effect.each(builtIn)("%s is a word like any other", (word) =>
    Effect.gen(function* () {
      const { admin, path } = yield* foundGuild()
      const refused = (at: string, json: object) =>
        Effect.map(admin.send("POST", at, { json }), ({ status, body }) => [
          status,
          body.error?.details.fields?.[0]?.field
        ])
      const mage = { name: "Aldra", region: "eu", server: "Spineshatter", class: "Mage", spec: "Frost" }
      for (const field of ["region", "class", "race", "spec", "role", "rank"]) {
        assert.deepStrictEqual(yield* refused("/api/v1/characters", { ...mage, [field]: word }), [400, field])
      }
      assert.deepStrictEqual(yield* refused(`${path}/players`, { name: "Bob", status: word }), [400, "status"])
      const named = yield* admin.send("POST", `${path}/players`, { json: { name: word } })
      assert.deepStrictEqual([named.status, named.body.player.name], [201, word])
      const at = `${path}/players/${named.body.player.id}`
      const renamed = yield* admin.send("PATCH", at, { json: { name: `${word} too` } })
      assert.deepStrictEqual([renamed.status, renamed.body.player.name], [200, `${word} too`])
      assert.strictEqual((yield* admin.send("GET", `/api/v1/game-versions/${word}`)).status, 404)
    })
  )

  const opened = Effect.gen(function* () {
    const { admin, path } = yield* foundGuild()
    const send = (
      method: "PUT" | "POST",
      text: string,
      type: string,
      to = method === "PUT" ? "/roster" : "/roster/import"
    ) => admin.send(method, path + to, { text: [text, type], headers: { "if-match": "*" } })
    return { admin, path, send }
  })

  /** User time of this process, in which both sides run. The first of a kind also warms up the code. */
  const cost = Effect.fnUntraced(function* <A, E, R>(work: Effect.Effect<A, E, R>) {
    const before = process.cpuUsage()
    const answer = yield* work
    return { answer, ms: process.cpuUsage(before).user / 1000 }
  })

  it.effect("a hostile megabyte of JSON is refused for less than 100 ms of CPU", () =>
    Effect.gen(function* () {
      const { send } = yield* opened
      const limit = 100 * slowness()
      yield* send("PUT", '{"players":[]}', "application/json")
      for (const [what, text] of hostileJson) {
        assert.isAtMost(text.length, megabyte, what)
        let best = Infinity
        for (let time = 0; time < 4 && best >= limit; time++) {
          const { answer, ms } = yield* cost(send("PUT", text, "application/json"))
          assert.include([400, 422, 200], answer.status, what)
          best = Math.min(best, ms)
        }
        assert.isBelow(best, limit, what)
      }
    })
  )

  it.effect("a hostile megabyte of CSV is refused for less than 100 ms of CPU", () =>
    Effect.gen(function* () {
      const { send } = yield* opened
      const limit = 100 * slowness()
      yield* send("POST", `${columns}a,,,,,,,,,,,,,\n`, "text/csv")
      for (const [what, text] of hostileCsv) {
        let best = Infinity
        for (let time = 0; time < 4 && best >= limit; time++) {
          const { answer, ms } = yield* cost(send("POST", text, "text/csv"))
          assert.include([400, 422, 200], answer.status, what)
          best = Math.min(best, ms)
        }
        assert.isBelow(best, limit, what)
      }
    })
  )

  it.effect("1 MB on the bulk routes alone, text/csv on import alone", () =>
    Effect.gen(function* () {
      const { send } = yield* opened
      const json = (length: number) => {
        const text = '{"players":[],"x":""}'
        return text.replace('""', `"${"x".repeat(length - text.length)}"`)
      }
      const code = (answer: { readonly status: number; readonly body: Any }) => answer.body.error?.code ?? answer.status
      assert.strictEqual(code(yield* send("PUT", json(megabyte), "application/json")), 200)
      assert.strictEqual(code(yield* send("PUT", json(megabyte + 1), "application/json")), "request.too_large")
      assert.strictEqual(code(yield* send("POST", json(megabyte), "application/json")), 200)
      assert.strictEqual(code(yield* send("POST", json(megabyte + 1), "application/json")), "request.too_large")
      assert.strictEqual(code(yield* send("POST", json(65_537), "application/json", "/players")), "request.too_large")
      const csv = "player\nA\n"
      assert.strictEqual(code(yield* send("POST", csv, 'Text/CSV; charset="UTF-8"')), 200)
      for (const type of ["text/csv; charset=latin1", "text/csvx", "text/plain", "application/csv"]) {
        assert.strictEqual(code(yield* send("POST", csv, type)), "request.unsupported_media_type", type)
      }
      assert.strictEqual(code(yield* send("PUT", csv, "text/csv")), "request.unsupported_media_type")
      assert.strictEqual(code(yield* send("POST", csv, "text/csv", "/players")), "request.unsupported_media_type")
    })
  )

  it.effect.each([
    ["a duplicate key", '{"players":[],"players":[]}'],
    ["an escaped duplicate key", '{"players":[],"pl\\u0061yers":[]}'],
    ["nesting", `{"players":${"[".repeat(40)}${"]".repeat(40)}}`],
    ["NUL", '{"players":[{"name":"a\\u0000","characters":[]}]}'],
    ["a lone surrogate", '{"players":[{"name":"\\ud800","characters":[]}]}'],
    ["a number out of range", '{"players":[],"x":1e999}'],
    ["no players", "{}"],
    ["a number for a name", '{"players":[{"name":1,"characters":[]}]}'],
    [
      "401 players",
      `{"players":[${Array.from({ length: 401 }, (_, n) => `{"name":"p${n}","characters":[]}`).join(",")}]}`
    ],
    ["trailing text", '{"players":[]} x']
  ])("%s in JSON is refused", ([, text]) =>
    Effect.gen(function* () {
      const { send } = yield* opened
      for (const method of ["PUT", "POST"] as const) {
        const { status, body } = yield* send(method, text!, "application/json")
        assert.deepStrictEqual([status, body.error.code], [400, "validation.invalid_request"])
      }
    })
  )

  it.effect.each([
    ["NUL", "player\na\u0000\n", "holds a character that cannot be stored"],
    ["no header", "Bob,Kravá\n", "has no column named player"],
    ["nothing in it", "\uFEFF\n", "is empty"],
    ["a column twice", "player,Player\na,b\n", "has a column twice"],
    ["a row of another length", "player,character\na\n", "is not CSV: see line 2"],
    ["an open quote", 'player\n"a\n', "is not CSV"]
  ] as const)("CSV with %s is refused with the reason", ([, text, reason]) =>
    Effect.gen(function* () {
      const { send } = yield* opened
      const { status, body } = yield* send("POST", text, "text/csv")
      assert.strictEqual(status, 400)
      assert.match(body.error.details.fields[0].reason, new RegExp(`^${reason}`))
    })
  )

  it.effect("cells that a spreadsheet would run are shielded on the way out, and come back as they were", () =>
    Effect.gen(function* () {
      const { admin, path, send } = yield* opened
      const names = ["=cmd|'/c calc'!A1", "+1", "-1", "@x", "'=1", "'quoted'", 'a "b"; c,d', "'"]
      const players = names.map((name) => ({ name, characters: [] }))
      yield* send("PUT", JSON.stringify({ players }), "application/json")
      const { body } = yield* admin.send("GET", `${path}/roster/export?format=csv`)
      for (const line of body.split("\r\n").slice(1)) assert.notMatch(line, /(^|,)"?[=+\-@]/)
      const back = yield* send("POST", body, "text/csv", "/roster/import?replace=true")
      assert.deepStrictEqual([back.status, back.body.changes.unchanged], [200, names.length])
    })
  )
})
