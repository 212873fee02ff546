import { connect } from "node:net"
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import type { Fault } from "../../../src/demo/simulators/Fault.ts"
import { warcraftlogsSimulator } from "../../../src/demo/simulators/Warcraftlogs.ts"
import { applicationToken, basic, bodyOf, client, form, request } from "./requests.ts"

const started = warcraftlogsSimulator(client)
const tokenRequest = form({ grant_type: "client_credentials" }, basic())

const underFault = (fault: Fault) =>
  Effect.gen(function* () {
    const sim = yield* started
    sim.fault(fault)
    return { sim, answer: yield* request(sim.tokenUrl, tokenRequest) }
  })

const statuses = [
  ["401", { status: 401 }, "application/json", undefined],
  ["403", { status: 403 }, "text/html", undefined],
  ["429 with Retry-After", { status: 429, retryAfter: 7 }, "application/json", "7"],
  ["429 without", { status: 429 }, "application/json", undefined],
  ["the edge's 429", { status: 429, html: true }, "text/html", undefined],
  ["500", {}, "text/html", undefined],
  ["503", { status: 503, retryAfter: 3 }, "text/html", "3"]
] as const

it.live.each(statuses)("answers with the status it was told to: %s", ([, fault, type, retryAfter]) =>
  Effect.gen(function* () {
    const { answer } = yield* underFault({ kind: "status", ...fault })
    assert.strictEqual(answer.status, "status" in fault ? fault.status : 500)
    assert.include(answer.headers.get("content-type") ?? "", type)
    assert.strictEqual(answer.headers.get("retry-after") ?? undefined, retryAfter)
  })
)

it.live("hangs until the caller leaves", () =>
  Effect.gen(function* () {
    const sim = yield* started
    sim.fault({ kind: "hang" })
    const waiting = yield* Effect.forkChild(Effect.exit(request(sim.tokenUrl, tokenRequest)))
    const [call] = yield* sim.calls.reached(1)
    assert.strictEqual(call?.status, undefined)
    assert.strictEqual(call?.fault, "hang")
    assert.strictEqual(waiting.pollUnsafe(), undefined)
  })
)

it.live("ends what hangs when its scope ends", () =>
  Effect.gen(function* () {
    const waiting = yield* Effect.scoped(
      Effect.gen(function* () {
        const sim = yield* started
        sim.fault({ kind: "hang" })
        const waiting = yield* Effect.forkDetach(Effect.exit(request(sim.tokenUrl, tokenRequest)))
        yield* sim.calls.reached(1)
        return waiting
      })
    )
    const exit = yield* Fiber.await(waiting)
    assert.isTrue(Exit.isSuccess(exit) && Exit.isFailure(exit.value))
  })
)

it.live("is slow", () =>
  Effect.gen(function* () {
    const before = performance.now()
    const { answer } = yield* underFault({ kind: "slow", ms: 120 })
    assert.strictEqual(answer.status, 200)
    assert.isAtLeast(performance.now() - before, 115)
  })
)

it.live("drips byte by byte", () =>
  Effect.gen(function* () {
    const before = performance.now()
    const { answer } = yield* underFault({ kind: "drip", ms: 2 })
    assert.hasAllKeys(bodyOf(answer), ["token_type", "expires_in", "access_token"])
    assert.isAtLeast(performance.now() - before, answer.text.length)
  })
)

it.live("drips a byte a second unless told otherwise", () =>
  Effect.gen(function* () {
    const sim = yield* started
    sim.fault({ kind: "drip" })
    const reader = yield* Effect.promise(async () => (await fetch(sim.tokenUrl, tokenRequest)).body!.getReader())
    const first = yield* Effect.promise(() => reader.read())
    assert.strictEqual(first.value?.length, 1)
    yield* Effect.promise(() => reader.cancel())
    assert.strictEqual(sim.calls.all[0]?.status, 200)
  })
)

it.live("answers garbage", () =>
  Effect.gen(function* () {
    const { answer } = yield* underFault({ kind: "garbage" })
    assert.strictEqual(answer.status, 200)
    assert.throws(() => bodyOf(answer))
  })
)

it.live("answers 10 MB", () =>
  Effect.gen(function* () {
    const { answer } = yield* underFault({ kind: "huge" })
    assert.isAtLeast(answer.text.length, 10_000_000)
    assert.isNull(answer.headers.get("content-length"))
  })
)

it.live("redirects, and logs who followed", () =>
  Effect.gen(function* () {
    const { sim, answer } = yield* underFault({ kind: "redirect", times: 1 })
    assert.strictEqual(answer.status, 302)
    assert.lengthOf(sim.calls.to("/redirected"), 0)
    sim.fault({ kind: "redirect", times: 1 })
    yield* request(sim.tokenUrl, { ...tokenRequest, redirect: "follow" })
    assert.lengthOf(sim.calls.to("/redirected"), 1)
  })
)

it.live("redirects to where it is told", () =>
  Effect.gen(function* () {
    const { answer } = yield* underFault({ kind: "redirect", to: "http://127.0.0.1:9/elsewhere" })
    assert.strictEqual(answer.headers.get("location"), "http://127.0.0.1:9/elsewhere")
  })
)

it.live.each(["truncated", "reset"] as const)("cuts the connection: %s", (kind) =>
  Effect.gen(function* () {
    const exit = yield* Effect.exit(underFault({ kind }))
    assert.isTrue(Exit.isFailure(exit))
  })
)

it.live("sends half of the body it announced", () =>
  Effect.gen(function* () {
    const sim = yield* started
    sim.fault({ kind: "truncated" })
    const received = yield* Effect.promise(async () => {
      const response = await fetch(sim.tokenUrl, tokenRequest)
      const first = await response.body!.getReader().read()
      return { promised: Number(response.headers.get("content-length")), got: first.value?.length ?? 0 }
    })
    assert.strictEqual(received.got, Math.ceil(received.promised / 2))
  })
)

it.live("applies faults in order, as often as told, on their own paths", () =>
  Effect.gen(function* () {
    const sim = yield* started
    sim.fault({ kind: "status", status: 503, times: 2, path: "/oauth/token" })
    sim.fault({ kind: "status", status: 401, times: 1, path: /token$/ })
    sim.fault({ kind: "status", status: 403, path: "/api/v2" })
    const ask = Effect.map(request(sim.tokenUrl, tokenRequest), ({ status }) => status)
    assert.deepStrictEqual(yield* Effect.all([ask, ask, ask, ask]), [503, 503, 401, 200])
    assert.strictEqual((yield* request(sim.endpoint, { method: "POST" })).status, 403)
    sim.clearFaults()
    assert.strictEqual((yield* request(sim.endpoint, { method: "POST" })).status, 401)
  })
)

it.live("logs calls without secrets, and forgets them on reset", () =>
  Effect.gen(function* () {
    const sim = yield* started
    yield* applicationToken(sim.tokenUrl)
    yield* request(`${sim.tokenUrl}?code=abc&page=2`, form({ client_secret: "sesame", grant_type: "password" }))
    assert.notInclude(JSON.stringify(sim.calls.all), "sesame")
    assert.notInclude(JSON.stringify(sim.calls.all), client.clientSecret)
    const [first, second] = sim.calls.all
    assert.deepInclude(first, { method: "POST", path: "/oauth/token", authorization: "basic", status: 200 })
    assert.deepStrictEqual(second?.query, { code: "[secret]", page: "2" })
    assert.deepStrictEqual(second?.body, { client_secret: "[secret]", grant_type: "password" })
    sim.calls.reset()
    assert.lengthOf(sim.calls.all, 0)
  })
)

it.live("accepts faults over HTTP", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const faults = `${sim.url}/__sim/faults`
    const headers = { "content-type": "application/json" }
    const order = (body: string) => request(faults, { method: "POST", headers, body })
    assert.strictEqual((yield* order(`{"kind":"status","status":503,"path":"/token"}`)).status, 201)
    assert.strictEqual((yield* request(sim.tokenUrl, tokenRequest)).status, 503)
    assert.strictEqual((yield* request(faults, { method: "DELETE" })).status, 204)
    assert.strictEqual((yield* request(sim.tokenUrl, tokenRequest)).status, 200)
    assert.lengthOf(bodyOf(yield* request(`${sim.url}/__sim/calls`)) as ReadonlyArray<unknown>, 2)
    assert.strictEqual((yield* order(`{"kind":"flood"}`)).status, 400)
    assert.strictEqual((yield* request(`${sim.url}/__sim/else`)).status, 404)
  })
)

it.live("accepts no faults from web pages", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const headers = { origin: "https://elsewhere.example", "content-type": "application/json" }
    const answer = yield* request(`${sim.url}/__sim/faults`, { method: "POST", headers, body: `{"kind":"hang"}` })
    assert.strictEqual(answer.status, 403)
    yield* applicationToken(sim.tokenUrl)
  })
)

it.live("refuses a body that no real client sends", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const answer = yield* request(sim.tokenUrl, { method: "POST", body: "x".repeat(1_000_001) })
    assert.strictEqual(answer.status, 413)
  })
)

it.live("listens on the loopback address, and reports when its port is taken", () =>
  Effect.gen(function* () {
    const sim = yield* started
    const { hostname, port } = new URL(sim.url)
    assert.strictEqual(hostname, "127.0.0.1")
    const error = yield* Effect.flip(warcraftlogsSimulator({ ...client, port: Number(port) }))
    assert.include(error.message, "EADDRINUSE")
  })
)

it.live("frees its port when its scope ends", () =>
  Effect.gen(function* () {
    const { url } = yield* Effect.scoped(started)
    const refused = yield* Effect.callback<string>((resume) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1")
      socket.once("error", (error) => resume(Effect.succeed(error.message)))
      socket.once("connect", () => resume(Effect.succeed("connected")))
      return Effect.sync(() => socket.destroy())
    })
    assert.include(refused, "ECONNREFUSED")
  })
)
