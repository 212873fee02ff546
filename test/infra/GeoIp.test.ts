import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Random } from "effect"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { GeoIp } from "../../src/infra/GeoIp.ts"
import { environment } from "../support/environment.ts"
import { mmdb } from "../support/Mmdb.ts"
import { withLog } from "./providers.ts"

const lisbon = { country: "PT", region: "11", city: "Lisbon" }
const tartu = { country: "EE", region: "79", city: "Tartu" }
const nowhere = { country: null, region: null, city: null }
const database = mmdb({ "81.2.69.0/24": lisbon, "2a02::/16": tartu })
/** Knows every address, so that an address without a location was not looked up. */
const everywhere = mmdb({ "::/1": lisbon, "8000::/1": tartu })

/** A file with these bytes, or no file when undefined; removed with the scope. */
const fileOf = (bytes: Buffer | undefined) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const directory = mkdtempSync(join(tmpdir(), "geoip-"))
      const path = join(directory, "City.mmdb")
      if (bytes !== undefined) writeFileSync(path, bytes)
      return { directory, path }
    }),
    ({ directory }) => Effect.sync(() => rmSync(directory, { recursive: true }))
  )

const reading = (path: string) =>
  Effect.provide(
    GeoIp,
    Layer.fresh(GeoIp.layer).pipe(Layer.provide(AppConfig.layerFrom({ ...environment, GEOIP_DATABASE_PATH: path })))
  )

const locating = (bytes: Buffer | undefined) => Effect.flatMap(fileOf(bytes), ({ path }) => reading(path))

const reserved = [
  ["0.0.0.0", "0.255.255.255"],
  ["10.0.0.0", "10.255.255.255"],
  ["100.64.0.0", "100.127.255.255"],
  ["127.0.0.0", "127.255.255.255"],
  ["169.254.0.0", "169.254.255.255"],
  ["172.16.0.0", "172.31.255.255"],
  ["192.0.0.0", "192.0.0.255"],
  ["192.0.2.0", "192.0.2.255"],
  ["192.88.99.0", "192.88.99.255"],
  ["192.168.0.0", "192.168.255.255"],
  ["198.18.0.0", "198.19.255.255"],
  ["198.51.100.0", "198.51.100.255"],
  ["203.0.113.0", "203.0.113.255"],
  ["224.0.0.0", "239.255.255.255"],
  ["240.0.0.0", "255.255.255.255"],
  ["::", "::1"],
  ["::ffff:10.0.0.1", "::ffff:192.168.0.1"],
  ["64:ff9b::", "64:ff9b::ffff:ffff"],
  ["64:ff9b:1::", "64:ff9b:1:ffff::"],
  ["100::", "100::ffff"],
  ["2001::", "2001:1ff:ffff:ffff::"],
  ["2001:db8::", "2001:db8:ffff::"],
  ["2002::", "2002:ffff::"],
  ["3fff::", "3fff:fff:ffff::"],
  ["5f00::", "5f00:ffff::"],
  ["fc00::", "fdff::"],
  ["fe80::", "febf::"],
  ["fec0::", "feff::"],
  ["ff00::", "ffff::"]
] as const

/** The addresses next to the reserved ones. */
const neighbours =
  "1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 ::ffff:81.2.69.7 2000:: 2001:200:: 2001:db7:ffff:: 2001:db9:: 2001:ffff:: 2003:: 3ffe:ffff:: 3fff:1000::".split(
    " "
  )

describe("GeoIp", () => {
  it.effect("finds country, region and city for IPv4 and IPv6", () =>
    Effect.gen(function* () {
      const { locate } = yield* locating(database)
      for (const ip of ["81.2.69.0", "81.2.69.255", "::ffff:81.2.69.7"]) assert.deepStrictEqual(locate(ip), lisbon)
      for (const ip of ["2a02::", "2a02:ffff::1"]) assert.deepStrictEqual(locate(ip), tartu)
      for (const ip of ["81.2.68.255", "81.2.70.0", "2a01::", "2a03::", "garbage", "", null]) {
        assert.deepStrictEqual(locate(ip), nowhere)
      }
    })
  )

  it.effect("never looks up a private or reserved address, but looks up its neighbours", () =>
    Effect.gen(function* () {
      const { locate } = yield* locating(everywhere)
      for (const ip of reserved.flat()) assert.deepStrictEqual(locate(ip), nowhere, ip)
      for (const ip of neighbours) assert.notDeepEqual(locate(ip), nowhere, ip)
    })
  )

  it.effect.each([
    { what: "missing", bytes: undefined },
    { what: "empty", bytes: Buffer.alloc(0) },
    { what: "of another kind", bytes: Buffer.from("#!/bin/sh\n".repeat(1000)) },
    { what: "zipped", bytes: Buffer.concat([Buffer.of(0x1f, 0x8b, 8), database]) },
    { what: "cut short", bytes: database.subarray(0, database.length / 2) }
  ])("D13 a file that is $what gives one warning and no location", ({ bytes }) =>
    Effect.gen(function* () {
      const { value, lines } = yield* withLog(locating(bytes))
      assert.deepStrictEqual(value.locate("81.2.69.7"), nowhere)
      assert.lengthOf(lines, 1)
      assert.include(lines[0], "GEOIP_DATABASE_PATH cannot be read")
    })
  )

  it.effect.each(["GeoLite2-Country", "GeoLite2-ASN", "GeoIP2-ISP"])("a %s file is told once", (edition) =>
    Effect.gen(function* () {
      const { lines } = yield* withLog(locating(mmdb({ "81.2.69.0/24": lisbon }, edition)))
      assert.lengthOf(lines, 1)
      assert.include(lines[0], "GEOIP_DATABASE_PATH is not a City database")
    })
  )

  it.effect.each(["GeoLite2-City", "GeoIP2-City-Europe", "DBIP-City-Lite", "GeoIP2-Enterprise"])(
    "a %s file is no reason to warn",
    (edition) =>
      Effect.gen(function* () {
        const { value, lines } = yield* withLog(locating(mmdb({ "81.2.69.0/24": lisbon }, edition)))
        assert.deepStrictEqual([value.locate("81.2.69.7"), lines], [lisbon, []])
      })
  )

  it.effect("D13 a file with any damage gives text that can be stored, or none, and never fails", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 1000; round++) {
        const damaged = Buffer.from(database)
        for (let changes = yield* Random.nextIntBetween(1, 20); changes > 0; changes--) {
          damaged[yield* Random.nextIntBetween(0, damaged.length)] = yield* Random.nextIntBetween(0, 256)
        }
        const { value } = yield* withLog(Effect.scoped(locating(damaged)))
        for (const ip of ["81.2.69.7", "2a02::1", "9.9.9.9"]) {
          for (const name of Object.values(value.locate(ip))) {
            assert.isTrue(name === null || (typeof name === "string" && name.length <= 128 && !name.includes("\0")))
          }
        }
      }
    }).pipe(Random.withSeed("damage"))
  )

  it.effect("D13 replacing or removing the file has no effect before the next start", () =>
    Effect.gen(function* () {
      const { path, directory } = yield* fileOf(database)
      const { locate } = yield* reading(path)
      writeFileSync(path, "damaged")
      assert.deepStrictEqual(locate("81.2.69.7"), lisbon)
      rmSync(path)
      assert.deepStrictEqual(locate("2a02::1"), tartu)
      writeFileSync(join(directory, "City.mmdb"), mmdb({ "81.2.69.0/24": tartu }))
      assert.deepStrictEqual((yield* reading(path)).locate("81.2.69.7"), tartu)
    })
  )
})
