import { setTimeout } from "node:timers/promises"
import { details } from "../../support/people.ts"
import { type Answer, now } from "../Ask.ts"
import { startCrowd } from "../Crowd.ts"
import { Ledger } from "../Ledger.ts"
import { startLoad, until } from "../Load.ts"
import { none, type Figure } from "../Figures.ts"
import type { World } from "../World.ts"

/* The load of write cases, and what an outage of a server looks like to it. */

/** Eight people who write through the balancer, and sign in now and then. */
export const writeLoad = ({ balancer, discord }: World, people = 8, pause = 25) => {
  const ledger = new Ledger()
  return { ledger, ...startLoad({ port: balancer.port, people, pause, ledger, discord }) }
}

export interface Recovery {
  /** Milliseconds from the server's return to the first good answer, and to the last bad one. */
  readonly first: number
  readonly all: number
}

const isBad = ({ status }: Answer) => status === 0 || status >= 500

/** Takes something away and brings it back under a load, and waits until the load is answered as before. */
export const outage = async (
  answers: ReadonlyArray<Answer>,
  take: () => Promise<unknown>,
  bring: () => Promise<unknown>,
  holdMs: number
): Promise<Recovery & { readonly from: number; readonly back: number }> => {
  const from = now()
  await take()
  await setTimeout(holdMs)
  await bring()
  const back = now()
  const since = () => answers.filter(({ at }) => at > back)
  // Good for so long that nothing that was begun before can still fail.
  await until(() => {
    const bad = since().findLast(isBad)?.at ?? back
    return now() - bad > 1200 && since().some((one) => !isBad(one) && one.at > bad)
  })
  const after = since()
  const first = after.find((one) => !isBad(one))!
  const bad = after.findLast(isBad)
  return { from, back, first: first.at - back, all: bad === undefined ? 0 : bad.at - back }
}

/** Asks both replicas whether they live, all the time. */
export const watchLiveness = async ({ replicas }: World) => {
  const crowds = await Promise.all(
    replicas.map(({ port }) => startCrowd({ port, clients: 1, questions: [{ path: "/health" }], pause: 20 }))
  )
  return async () => (await Promise.all(crowds.map(({ end }) => end()))).flat()
}

/** What the database says of a ledger. */
export const verdictsOf = async (ledger: Ledger, { postgres }: World): Promise<ReadonlyArray<Figure>> => {
  const { lost, doubled, half } = await ledger.verify(postgres)
  for (const line of [...lost, ...doubled, ...half].slice(0, 20)) process.stdout.write(`  ${line}\n`)
  const n = ledger.acknowledged
  return [
    none("acknowledged writes lost", n, lost.length),
    none("writes doubled", n, doubled.length),
    none("half-finished sign-ins", Math.max(1, ledger.signedIn.size), half.length)
  ]
}

/** A process that has just started is slower than it will be. */
export const warm = async ({ replicas }: World) => {
  for (const { port } of replicas) {
    const questions = [
      { path: "/guilds", user: 300 },
      { path: "/guilds", user: 300, method: "POST" as const, body: details }
    ]
    const crowd = await startCrowd({ port, clients: 16, questions, pause: 1 })
    await setTimeout(2000)
    await crowd.end()
  }
}
