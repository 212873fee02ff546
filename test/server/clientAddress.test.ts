import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { get } from "node:http"
import { networkInterfaces } from "node:os"
import { openBrowser } from "../support/Browser.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"

/** The address that a sign-in is recorded with when it begins. */
const addressOf = Effect.fnUntraced(function* (url: string | undefined, forwarded: string) {
  const { send } = yield* openBrowser(url)
  yield* send("GET", "/api/v1/auth/discord/url", { headers: { "x-forwarded-for": forwarded } })
  const [row] = yield* query`select host(ip_address) as ip from oauth_states order by created_at desc limit 1`
  return row?.ip
})

/** Every address of this machine, as a URL's host; a link-local one needs its interface. */
const addresses = Object.entries(networkInterfaces()).flatMap(([name, all = []]) =>
  all.map(({ address }) => ({ ip: address, host: address.startsWith("fe80:") ? `${address}%${name}` : address }))
)

/** The status of a request from one of this machine's addresses to itself. */
const fromItself = (url: string, host: string) =>
  Effect.callback<number | undefined>((resume) => {
    const { port } = new URL(url)
    get({ host, localAddress: host, port, path: "/api/v1/auth/discord/url", agent: false }, (response) => {
      response.resume().on("end", () => resume(Effect.succeed(response.statusCode)))
    })
  })

layer(TestApp.layer({ RATE_LIMIT_SIGN_IN: "8" }), live)(
  "a client that connects to one socket for IPv4 and IPv6",
  (it) => {
    it.effect.each(addresses)("L03 from $ip has this address; of IPv4 each has its own limit", ({ ip, host }) =>
      Effect.gen(function* () {
        const { url } = yield* TestApp
        yield* query`delete from oauth_states`
        assert.strictEqual(yield* fromItself(url, host), 200)
        assert.deepStrictEqual(yield* query`select host(ip_address) as ip from oauth_states`, [{ ip }])
        if (ip.includes(":")) return
        const others = yield* Effect.replicateEffect(fromItself(url, host), 8)
        assert.deepStrictEqual(others, [...Array.from({ length: 7 }, () => 200), 429])
      })
    )
  }
)

layer(TestApp.layer({ TRUSTED_PROXIES: "127.0.0.1, 10.0.0.0/8, fd00::/8" }), live)("the client's address", (it) => {
  it.effect.each([
    ["198.51.100.1", "198.51.100.1"],
    ["6.6.6.6, 198.51.100.1, 10.2.3.4", "198.51.100.1"],
    ["6.6.6.6,198.51.100.1 ,  10.2.3.4 ", "198.51.100.1"],
    ["2001:db8::7", "2001:db8::7"],
    ["::ffff:198.51.100.1", "198.51.100.1"],
    ["203.0.113.7:50001", "203.0.113.7"],
    ["[2001:db8::1]:50001", "2001:db8::1"],
    ["[2001:db8::1], fd00::2", "2001:db8::1"],
    ["10.2.3.4", "10.2.3.4"],
    ["garbage, 198.51.100.1", "198.51.100.1"],
    ["198.51.100.1, garbage", "127.0.0.1"],
    ["198.51.100.1, garbage, 10.2.3.4", "127.0.0.1"],
    ["", "127.0.0.1"]
  ] as const)("L03 behind trusted proxies is the right-most that is not one: %s is %s", ([forwarded, ip]) =>
    Effect.map(addressOf(undefined, forwarded), (recorded) => assert.strictEqual(recorded, ip))
  )

  it.effect("L03 is the peer's when the peer is not a trusted proxy", () =>
    Effect.gen(function* () {
      const { variables } = yield* TestApp
      const url = yield* startReplica({ ...variables, TRUSTED_PROXIES: "10.0.0.0/8" })
      assert.strictEqual(yield* addressOf(url, "198.51.100.1"), "127.0.0.1")
    })
  )
})
