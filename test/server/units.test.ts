import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { IpNetwork } from "effect/net"
import { Name } from "../../src/guilds/Guild.ts"
import { clientIp } from "../../src/server/ClientIp.ts"
import { checkJson } from "../../src/server/StrictJson.ts"

const trusted = ["10.0.0.0/8", "fd00::/8"].map((block) => IpNetwork.fromStringUnsafe(block))

describe("the client's address", () => {
  it.each([
    { peer: "203.0.113.9", forwarded: undefined, ip: "203.0.113.9" },
    { peer: "203.0.113.9", forwarded: "198.51.100.1", ip: "203.0.113.9" },
    { peer: "::ffff:203.0.113.9", forwarded: undefined, ip: "203.0.113.9" },
    { peer: "10.0.0.1", forwarded: "198.51.100.1", ip: "198.51.100.1" },
    { peer: "::ffff:10.0.0.1", forwarded: "6.6.6.6, 198.51.100.1, 10.2.3.4", ip: "198.51.100.1" },
    { peer: "fd00::1", forwarded: "2001:db8::7", ip: "2001:db8::7" },
    { peer: "10.0.0.1", forwarded: "198.51.100.1, garbage", ip: "10.0.0.1" },
    { peer: "10.0.0.1", forwarded: "198.51.100.1 ,  10.2.3.4 ", ip: "198.51.100.1" },
    { peer: "10.0.0.1", forwarded: "198.51.100.1, garbage, 10.2.3.4", ip: "10.2.3.4" },
    { peer: "10.0.0.1", forwarded: "10.2.3.4", ip: "10.2.3.4" },
    { peer: "::FFFF:203.0.113.91", forwarded: undefined, ip: "203.0.113.91" },
    { peer: "10.0.0.1", forwarded: "::ffff:198.51.100.1:80", ip: "10.0.0.1" },
    { peer: "10.0.0.1", forwarded: "1::ffff:198.51.100.1", ip: "1::ffff:c633:6401" },
    { peer: "garbage", forwarded: undefined, ip: null },
    { peer: "10.0.0.1", forwarded: "", ip: "10.0.0.1" },
    { peer: undefined, forwarded: "198.51.100.1", ip: null }
  ])("$peer with $forwarded is $ip", ({ peer, forwarded, ip }) => {
    assert.strictEqual(clientIp(peer, forwarded, trusted), ip)
  })
})

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
    ["[".repeat(10_000), "is not JSON"]
  ])("refuses %j", (text, fault) => {
    assert.strictEqual(checkJson(text), fault)
  })
})

describe("names", () => {
  const decode = Schema.decodeUnknownResult(Name)

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
