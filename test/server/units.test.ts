import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { NewGuild } from "../../src/guilds/Guild.ts"
import { checkJson } from "../../src/server/StrictJson.ts"

describe("JSON", () => {
  it.each(["", "{}", '{"a":[1,2.5,"ü",null,true]}', '"x"', `${"[".repeat(32)}${"]".repeat(32)}`])(
    "accepts %s",
    (text) => {
      assert.isUndefined(checkJson(text))
    }
  )

  it.each([
    ["\uFEFF{}", "starts with a byte order mark"],
    ["{} x", "is not JSON"],
    ['{"a":1e400}', "holds a number out of range"],
    ['"\\ud800"', "holds a character that cannot be stored"],
    ['{"a\\u0000":1}', "holds a character that cannot be stored"],
    [`${"[".repeat(33)}${"]".repeat(33)}`, "is nested too deeply"],
    ["[".repeat(10_000), "is nested too deeply"]
  ])("refuses %j", (text, fault) => {
    assert.strictEqual(checkJson(text), fault)
  })
})

describe("names", () => {
  const decode = Schema.decodeUnknownResult(NewGuild.fields.name)

  it.each([
    ["  Night Watch  ", "Night Watch"],
    ["Ame\u0301lie", "Amélie"],
    ["獣".repeat(64), "獣".repeat(64)],
    ["🦊".repeat(64), "🦊".repeat(64)],
    ["שומרי הלילה", "שומרי הלילה"],
    ["'; drop table guilds; --", "'; drop table guilds; --"]
  ])("keep %j", (text, kept) => {
    assert.strictEqual(Result.getOrThrow(decode(text)), kept)
  })

  it.each([
    "",
    "   ",
    "x".repeat(65),
    "🦊".repeat(65),
    "a\u0007b",
    "a\nb",
    "\u202Eevil",
    "a\u2066b",
    "\u200B\u200D",
    "\u2800",
    "\u00AD"
  ])("refuse %j", (text) => {
    assert.isTrue(Result.isFailure(decode(text)))
  })
})
