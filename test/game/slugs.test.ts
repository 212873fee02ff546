import { assert, describe, it } from "@effect/vitest"
import { retryAfterSeconds } from "../../src/infra/upstream/Upstream.ts"
import { characterKey, realmSlug } from "../../src/game/Realm.ts"
import { pathSegment } from "../../src/infra/upstream/PathSegment.ts"

describe("realmSlug", () => {
  it.each([
    ["Spineshatter", "spineshatter"],
    ["Living Flame", "living-flame"],
    ["living-flame", "living-flame"],
    ["  Living   Flame ", "living-flame"],
    ["Nek'Rosh", "nekrosh"],
    ["Nek’Rosh", "nekrosh"],
    ["Pozzo dell'Eternità", "pozzo-delleternità"],
    ["Pozzo dell'Eternita\u0300", "pozzo-delleternità"],
    ["Festung der Stürme", "festung-der-stürme"],
    ["Area 52", "area-52"],
    ["Змейталак", "змейталак"],
    ["Arugal (AU)", "arugal-au"],
    ["Arugal(AU)", "arugal-au"],
    ["Aggra (Português)", "aggra-português"],
    ["(AU)", "au"],
    ["( )", ""]
  ])("%s is %s", (realm, slug) => {
    assert.strictEqual(realmSlug(realm), slug)
  })
})

describe("pathSegment", () => {
  it.each([
    ["pyréna", "pyr%C3%A9na"],
    ["a/b", "a%2Fb"],
    ["../x", "..%2Fx"],
    ["a?b#c", "a%3Fb%23c"],
    ["%2e%2e", "%252e%252e"],
    ["...", "..."],
    ["a\\b", "a%5Cb"],
    ["@evil.example", "%40evil.example"],
    ["", undefined],
    [".", undefined],
    ["..", undefined],
    ["a\u0000", undefined],
    ["a\r\nb", undefined],
    ["\ud800", undefined]
  ])("%j is %j", (text, segment) => {
    assert.strictEqual(pathSegment(text), segment)
    if (segment !== undefined) assert.strictEqual(new URL(`https://host/x/${segment}`).pathname, `/x/${segment}`)
  })

  it("names are compared in NFC and lower case", () => {
    assert.strictEqual(characterKey("PYRE\u0301NA "), "pyréna")
  })
})

describe("retryAfterSeconds", () => {
  const now = Date.UTC(2026, 10, 23, 12)
  it.each([
    ["7", 7],
    [" 7 ", 7],
    ["0", 1],
    ["64.57", 65],
    ["7200", 3600],
    ["Mon, 23 Nov 2026 12:00:30 GMT", 30],
    ["Mon, 23 Nov 2026 11:00:00 GMT", 1],
    ["Tue, 24 Nov 2026 12:00:00 GMT", 3600],
    ["-5", undefined],
    ["soon", undefined],
    ["", undefined],
    [undefined, undefined]
  ])("%j is %j", (header, seconds) => {
    assert.strictEqual(retryAfterSeconds(header, now), seconds)
  })
})
