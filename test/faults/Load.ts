import { createHmac } from "node:crypto"
import { setTimeout } from "node:timers/promises"
import type { DiscordSimulator } from "../../src/demo/simulators/Discord.ts"
import { profileOf } from "../../src/demo/simulators/Personas.ts"
import { idOf } from "../bench/Data.ts"
import { type Person, signIn } from "../fuzz/World.ts"
import { environment } from "../support/environment.ts"
import { details } from "../support/people.ts"
import { type Answer, ask, now, type Question } from "./Ask.ts"
import { Ledger } from "./Ledger.ts"

/* People who found guilds, rename them, join those of others and read, one request after the other. */

let runs = 0
let founders = 5000
let joiners = 0
let personas = 930_000_000_000_000_000n

const bodyOf = ({ body }: Answer) => JSON.parse(body) as Record<string, Record<string, string>>

const tokenHash = (session: string) =>
  createHmac("sha256", environment.SESSION_HMAC_SECRET).update(`session:${session}`).digest("base64")

export interface Told extends Answer {
  readonly kind: "found" | "rename" | "invite" | "join" | "read" | "sign in"
}

interface Needs {
  readonly port: number
  readonly people: number
  /** Milliseconds between an answer and the next request of the same person. */
  readonly pause: number
  readonly ledger: Ledger
  /** Signs somebody new in now and then. */
  readonly discord?: DiscordSimulator
}

/** Begins a load; `end` waits for the last answers and returns all of them. */
export const startLoad = ({ port, people, pause, ledger, discord }: Needs) => {
  const told: Array<Told> = []
  const run = (runs += 1)
  const ended = new AbortController()
  let names = 0

  const tell = async (kind: Told["kind"], question: Question) => {
    const answer = await ask(port, question)
    told.push({ ...answer, kind })
    return answer
  }

  const found = async (user: number) => {
    const name = `First ${run}-${(names += 1)}`
    ledger.founded.set(name, false)
    const body = { ...details, realm: name }
    const answer = await tell("found", { method: "POST", path: "/guilds", user, body })
    if (answer.status !== 201) return undefined
    ledger.founded.set(name, true)
    const { id = "" } = bodyOf(answer).guild ?? {}
    ledger.renamed.set(id, { done: 0, sent: 0 })
    return id
  }

  const rename = async (user: number, guild: string) => {
    const state = ledger.renamed.get(guild)!
    const number = (state.sent += 1)
    const body = { name: `Name ${number}` }
    const { status } = await tell("rename", { method: "PATCH", path: `/guilds/${guild}`, user, body })
    if (status === 200) state.done = number
  }

  const join = async (user: number, guild: string) => {
    const made = await tell("invite", { method: "POST", path: `/guilds/${guild}/invites`, user, body: {} })
    if (made.status !== 201 && made.status !== 200) return
    const { code = "" } = bodyOf(made).invite ?? {}
    const joiner = 6001 + (joiners++ % 4000)
    const answer = await tell("join", { method: "POST", path: `/guild-invites/${code}/accept`, user: joiner })
    if (answer.status === 201) ledger.joined.add(`${guild} ${idOf("user", joiner)}`)
  }

  const enter = async (simulator: DiscordSimulator) => {
    const id = String((personas += 1n))
    simulator.addPersona({ id, label: id, profile: profileOf({ id, username: `user-${id}`, globalName: null }) })
    const person: Person = { discordId: id, session: "", csrf: "", renewal: undefined }
    const since = now()
    const status = await signIn(`http://127.0.0.1:${port}`, simulator, person).then(
      () => 204,
      (error: Error) => Number(/answered (\d+)/.exec(error.message)?.[1] ?? 0)
    )
    const at = now()
    told.push({ kind: "sign in", status, at, ms: at - since, body: "", retryAfter: "1" })
    if (status === 204) ledger.signedIn.add(tokenHash(person.session))
  }

  const live = async (n: number) => {
    const user = (founders = founders >= 6000 ? 5001 : founders + 1)
    let guild: string | undefined
    for (let turn = n; !ended.signal.aborted; turn += 1) {
      if (turn % 8 === 7 && discord !== undefined) await enter(discord)
      else if (guild === undefined || turn % 3 === 0) guild = (await found(user)) ?? guild
      else if (turn % 5 === 0) await join(user, guild)
      else if (turn % 2 === 0) await rename(user, guild)
      else await tell("read", { path: "/guilds", user: 1 + (turn % 40) })
      await setTimeout(pause)
    }
  }

  const all = Array.from({ length: people }, (_, n) => live(n))
  return {
    told,
    end: async () => {
      ended.abort()
      await Promise.all(all)
      return told
    }
  }
}

/** Waits until a fact holds, which some other part of the harness makes true. */
export const until = async (fact: () => boolean | Promise<boolean>, patience = 30_000, what = "a fact") => {
  const since = performance.now()
  while (!(await fact())) {
    if (performance.now() - since > patience) throw new Error(`Waited in vain for ${what}.`)
    await setTimeout(5)
  }
  return performance.now() - since
}
