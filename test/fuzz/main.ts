import { Effect } from "effect"
import { parseArgs } from "node:util"
import type { OpenApiDocument } from "./Document.ts"
import { judge } from "./Judge.ts"
import { planAt, plans } from "./Plans.ts"
import { resolve, send, sendRaw } from "./Send.ts"
import { unclean } from "./Stored.ts"
import { newWorld, signIn, startService, type World } from "./World.ts"

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "20000" },
    seed: { type: "string", default: String((Math.random() * 2 ** 31) | 0) },
    only: { type: "string" }
  }
})
const total = Number(values.requests)
const seed = Number(values.seed)
const roundSize = 500
const concurrency = 16
const mostFaults = 20

const say = (line: string) => void process.stdout.write(`${line}\n`)

const heap = () => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const run = async (service: Effect.Success<typeof startService>) => {
  const { url, discord, sql } = service
  const document = (await (await fetch(`${url}/api/v1/openapi.json`)).json()) as OpenApiDocument
  const all = plans(document)
  const { http, raw, unreached } = judge(document)
  const statuses = new Map<string, number>()
  const faults = new Map<string, { times: number; line: string }>()
  const count = (name: string) => statuses.set(name, (statuses.get(name) ?? 0) + 1)
  const note = (index: number, what: string, fault: string) => {
    const key = `${what}: ${fault}`
    const known = faults.get(key)
    if (known) known.times += 1
    else {
      faults.set(key, { times: 1, line: `--seed ${seed} --only ${index}` })
      if (faults.size <= mostFaults) say(`FAULT ${key}\n  npm run fuzz -- --seed ${seed} --only ${index}`)
    }
  }

  const one = async (world: World, index: number) => {
    const plan = planAt(all, seed, index)
    if (plan.kind === "raw") {
      const came = await sendRaw(url, plan, world).catch((error: Error) => error.message)
      if (values.only) say(JSON.stringify({ plan, came }, null, 1))
      if (typeof came === "string") return note(index, plan.shape, came)
      for (const { status } of came.answers) count(`raw ${status}`)
      const fault = raw(plan, came)
      return fault === undefined ? undefined : note(index, plan.shape, fault)
    }
    const person = world.people[plan.person % world.people.length]!
    await person.renewal
    const used = person.session
    const what = `${plan.method} ${plan.segments.map((part) => (typeof part === "string" ? part.slice(0, 40) : `{${part.name}}`)).join("/")}`
    try {
      if (values.only)
        say(JSON.stringify({ ...plan, ...resolve(plan, world), body: plan.body?.toString("latin1") }, null, 1))
      const { sent, answer } = await send(url, plan, world)
      if (values.only) say(JSON.stringify(answer, null, 1))
      count(String(answer.status))
      const fault = http(sent, answer)
      if (fault !== undefined) note(index, what, fault)
      if (answer.status === 401 && sent.signedIn && person.session === used)
        await (person.renewal ??= signIn(url, discord, person).finally(() => (person.renewal = undefined)))
    } catch (error) {
      note(index, what, String(error))
    }
  }

  const range =
    values.only === undefined ? ([0, total] as const) : ([Number(values.only), Number(values.only) + 1] as const)
  const started = Date.now()
  let early = 0
  for (let from = range[0]; from < range[1]; from += roundSize) {
    const world = await newWorld(service)
    const to = Math.min(from + roundSize, range[1])
    let next = from
    const worker = async () => {
      while (next < to) await one(world, next++)
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
    if (early === 0 && to >= total / 10) early = heap()
    if (to % 2000 === 0)
      say(
        `${to} requests, ${faults.size} faults, ${((Date.now() - started) / 1000).toFixed(0)} s, ${(heap() / 2 ** 20).toFixed(0)} MB`
      )
  }
  const growth = heap() / early - 1
  for (const place of await Effect.runPromise(unclean(sql))) note(total, "stored", place)
  // A shorter first tenth would measure the warm-up of the process.
  if (total >= 10_000 && growth > 0.1) note(total, "memory", `grew by ${(growth * 100).toFixed(1)} %`)

  say(
    [...statuses]
      .toSorted(([one], [other]) => one.localeCompare(other))
      .map(([name, times]) => `${name}: ${times}`)
      .join(", ")
  )
  say(
    `Heap after the first tenth ${(early / 2 ** 20).toFixed(1)} MB, growth ${(growth * 100).toFixed(1)} %, ${((Date.now() - started) / 1000).toFixed(0)} s`
  )
  if (values.only === undefined) say(`Operations without a success: ${[...unreached].join(", ") || "none"}`)
  for (const [what, { times, line }] of faults) say(`${times} x ${what}\n  npm run fuzz -- ${line}`)
  say(`${range[1] - range[0]} requests, ${faults.size} faults`)
  return faults.size === 0 && statuses.size > 0
}

say(`Seed ${seed}`)
const isWell = await Effect.runPromise(
  Effect.scoped(Effect.flatMap(startService, (service) => Effect.promise(() => run(service))))
)
process.exit(isWell ? 0 : 1)
