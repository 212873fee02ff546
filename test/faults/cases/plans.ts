import { setTimeout } from "node:timers/promises"
import { idOf, raiders } from "../../bench/Data.ts"
import { type Answer, ask } from "../Ask.ts"
import { msOf, no500, none, type Result, statusesOf, times } from "../Figures.ts"
import { until } from "../Load.ts"
import { roundsOf, type Size, type World } from "../World.ts"
import { Viewer } from "../Viewer.ts"

/* A plan that 24 officers write and 200 members look at, on two replicas, of which one is ended. */

const guild = idOf("guild", 1)
const viewers = 200
const writers = 24
/** The admins and officers of the guild. */
const officers = 6
/** Milliseconds from an answer to the same writer's next change. */
const pause = 400

interface Revision {
  readonly revision: number
  readonly by: { readonly id: string } | null
}

const read = async (port: number, path: string) => {
  const { status, body } = await ask(port, { path, user: 1 })
  if (status !== 200) throw new Error(`${path} was answered by ${status}: ${body}`)
  return JSON.parse(body)
}

const revisionsOf = async (port: number, path: string) => {
  const revisions: Array<Revision> = []
  for (let cursor: string | null = ""; cursor !== null;) {
    const page: { revisions: ReadonlyArray<Revision>; next_cursor: string | null } = await read(
      port,
      `${path}/revisions?limit=100${cursor && `&cursor=${cursor}`}`
    )
    revisions.push(...page.revisions)
    cursor = page.next_cursor
  }
  return revisions
}

/** Each seats a character of its own, takes it out again, and so on. Answers what was answered. */
const startWriters = (port: number, path: string, entries: ReadonlyArray<string>) => {
  const answers: Array<Answer> = []
  const ended = new AbortController()
  const write = async (n: number) => {
    const entry_id = entries[n]!
    const seat = { op: "seat", entry_id, raid: 0, group: Math.floor(n / 5), slot: n % 5 }
    await setTimeout((n * pause) / writers)
    let isSeated = false
    while (!ended.signal.aborted) {
      const ops = [isSeated ? { op: "remove", entry_id } : seat]
      const answer = await ask(port, { method: "PATCH", path, user: 1 + (n % officers), body: { ops }, match: "*" })
      answers.push(answer)
      if (answer.status === 200) isSeated = !isSeated
      // Whether it was written is not known: the plan tells.
      else isSeated = JSON.stringify((await ask(port, { path, user: 1 })).body).includes(entry_id)
      await setTimeout(pause)
    }
  }
  const all = Array.from({ length: writers }, (_, n) => write(n))
  return async () => {
    ended.abort()
    await Promise.all(all)
    return answers
  }
}

const mainsOf = async ({ postgres }: World) => {
  const rows = await postgres.query<{ id: string }>(
    `select distinct on (player_id) id from roster_entries where guild_id = '${guild}' order by player_id, id`
  )
  return rows.slice(0, writers).map(({ id }) => id)
}

const ended =
  (title: string, signal: "SIGKILL" | "SIGTERM") =>
  async (world: World, size: Size): Promise<Result> => {
    const rounds = roundsOf(size, 10, 2)
    const { balancer, replicas } = world
    const { port } = balancer
    const entries = await mainsOf(world)
    const written: Array<Answer> = []
    const returns: Array<number> = []
    let cut = 0
    let [lost, doubled, behind, missed, away] = [0, 0, 0, 0, 0]
    for (let round = 0; round < rounds; round += 1) {
      const body = { title: `Round ${round}`, raids: [{ title: "Raid", size: 25 }] }
      const made = await ask(port, { method: "POST", path: `/guilds/${guild}/plans`, user: 1, body })
      const path = `/plans/${JSON.parse(made.body).plan.id}`
      const all = Array.from(
        { length: viewers },
        (_, n) => new Viewer(`${path}/events`, 1 + (n % raiders), n, replicas)
      )
      await until(() => all.every(({ isConnected }) => isConnected), 30_000, "200 viewers")
      const end = startWriters(port, path, entries)
      await setTimeout(2000)
      const before = all.map(({ returns }) => returns.length)
      const victim = replicas[round % replicas.length]!
      await victim.end(signal)
      await until(() => all.every(({ isConnected }) => isConnected), 30_000, "the return of the viewers")
      await setTimeout(2000)
      const answers = await end()
      await victim.spawn().answered("/health/ready")
      const { revision } = (await read(port, path)).plan
      await until(() => all.every((one) => one.revision >= revision), 5000, "the last revision").catch(() => {})
      for (const [n, one] of all.entries()) {
        const own = one.returns.slice(before[n])
        cut += own.length > 0 ? 1 : 0
        returns.push(...own)
        missed += one.missed
        behind += one.revision === revision ? 0 : 1
        away += one.isConnected ? 0 : 1
        one.close()
      }
      const known = new Set((await revisionsOf(port, path)).map((one) => one.revision))
      const accepted = answers
        .filter(({ status }) => status === 200)
        .map(({ body }) => JSON.parse(body).plan.revision as number)
      lost += accepted.filter((one) => !known.has(one)).length
      doubled += accepted.length - new Set(accepted).size
      written.push(...answers)
    }
    const accepted = written.filter(({ status }) => status === 200)
    return {
      title,
      load: `${rounds} plans, each written by ${writers} officers and looked at by ${viewers} members on two replicas, of which one is ended; ${cut} streams were cut`,
      statuses: statusesOf(written),
      figures: [
        times("from the end of a viewer's stream to its next", returns, { worst: 5000 }),
        times("changes", msOf(accepted), {}),
        none("accepted changes that are no revision", accepted.length, lost),
        none("revisions that two changes were told", accepted.length, doubled),
        none("viewers who do not know the last revision", rounds * viewers, behind),
        none("viewers who are not connected", rounds * viewers, away),
        none("revisions that a connected viewer was not told", accepted.length, missed),
        no500(written)
      ]
    }
  }

export const killedPlans = ended("SIGKILL while a plan is written and looked at", "SIGKILL")
export const terminatedPlans = ended("SIGTERM while a plan is written and looked at", "SIGTERM")
