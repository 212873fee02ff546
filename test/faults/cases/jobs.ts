import { setTimeout } from "node:timers/promises"
import type { Region } from "../../../src/game/Game.ts"
import { idOf } from "../../bench/Data.ts"
import { ask } from "../Ask.ts"
import { type Figure, none, type Result, times } from "../Figures.ts"
import { until } from "../Load.ts"
import type { Replica } from "../Replica.ts"
import { roundsOf, type Size, usingReplicas, type World } from "../World.ts"

/* A refresh of 120 characters by two replicas of its own, while the one that has the work is ended, frozen or cut off. */

const guild = idOf("guild", 1)
const path = `/guilds/${guild}/refreshes`
/** Every answer takes so long, so that a refresh takes some 25 s with each: Battle.net is asked more often. */
const slowness = { warcraftlogs: 250, battlenet: 50 }

const prepare = async ({ postgres, warcraftlogs, battlenet }: World) => {
  const rows = await postgres.query<{
    name: string
    realm: string
    class: string
    race: string
    spec: string
    role: never
  }>(
    `select c.name, c.realm_slug as realm, c.class, c.race, c.spec, c.role
     from roster_entries e join characters c on c.id = e.character_id where e.guild_id = '${guild}'`
  )
  for (const row of rows) {
    const character = {
      ...row,
      region: "eu" as Region,
      faction: "HORDE" as const,
      wcl: "ranked" as const,
      bnet: "ok" as const
    }
    warcraftlogs.put(character)
    battlenet.put(character)
  }
  // Whoever settles a part, or stores what was read, more often than once a refresh, is found out.
  for (const statement of [
    "create table if not exists jobs_seen (what text, at timestamptz not null default clock_timestamp())",
    `create or replace function see_part() returns trigger language plpgsql as $$ begin
       insert into jobs_seen values (new.refresh_id || ' ' || new.provider || ' ' || new.entry_id); return null; end $$`,
    `create or replace trigger see_part after update of outcome on guild_refresh_parts
       for each row when (new.outcome is not null) execute function see_part()`
  ])
    await postgres.query(statement)
  return rows.length
}

interface Run {
  readonly world: World
  readonly replicas: readonly [Replica, Replica]
  readonly id: string
  readonly sent: readonly [number, number]
}

const callsOf = ({ warcraftlogs }: World) => warcraftlogs.calls.to("/api/v2/client")

/** Begins a refresh, and waits until Warcraft Logs was asked so often. */
const begin = async (world: World, replicas: Run["replicas"], asked: number): Promise<Run> => {
  await world.redis.command("FLUSHALL")
  for (const name of ["warcraftlogs", "battlenet"] as const) {
    const provider = world[name]
    provider.clearFaults()
    provider.calls.reset()
    provider.fault({ kind: "slow", ms: slowness[name] })
  }
  const [one = 0, other = 0] = await sentBy(replicas)
  let id = ""
  await until(async () => {
    const question = { method: "POST" as const, path, user: 1, body: { stale_after_seconds: 0 } }
    const answer = await ask(replicas[0].port, question)
    if (answer.status === 202) ({ id } = JSON.parse(answer.body).refresh)
    return answer.status === 202
  })
  await until(() => callsOf(world).length >= asked, 60_000, "requests of a refresh")
  return { world, replicas, id, sent: [one, other] }
}

/** How many requests each replica has sent to Warcraft Logs. */
const sentBy = (replicas: Run["replicas"]) =>
  Promise.all(
    replicas.map(async (replica) => {
      const text = await fetch(`http://127.0.0.1:${replica.port + 1000}/metrics`).then((answer) => answer.text())
      const counts = text.matchAll(/^provider_request_duration_seconds_count\{.*provider="warcraftlogs".*\} (\d+)$/gm)
      return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
    })
  )

/** The replica that has sent more since the refresh began: the first answers are there by then. */
const workerOf = async ({ replicas, sent: [one, other] }: Run) => {
  const [first = 0, second = 0] = await sentBy(replicas)
  if (first + second === one + other) throw new Error("Neither replica has the work.")
  return first - one > second - other ? 0 : 1
}

const finished = async ({ world, id }: Run) => {
  const since = performance.now()
  const live = async () => {
    const [row] = await world.postgres.query<{ ended: boolean }>(
      `select finished_at is not null as ended from guild_refreshes where id = '${id}'`
    )
    return row?.ended === true
  }
  while (!(await live().catch(() => false))) {
    if (performance.now() - since > 90_000) throw new Error("A refresh does not end.")
    await setTimeout(100)
  }
}

/** How often a request was sent again that had been sent before. */
const repeatsOf = (keys: ReadonlyArray<string>) => keys.length - new Set(keys).size

const verdictOf = async (run: Run, characters: number) => {
  const { world, id } = run
  await finished(run)
  const [row] = await world.postgres.query<{ state: string; open: string; parts: string; twice: string }>(
    `select f.outcome as state,
       (select count(*) from guild_refresh_parts where refresh_id = f.id and outcome is null) as open,
       (select count(*) from guild_refresh_parts where refresh_id = f.id) as parts,
       (select count(*) - count(distinct what) from jobs_seen where what like f.id || '%') as twice
     from guild_refreshes f where f.id = '${id}'`
  )
  const wrong = Number(row!.open) + Number(row!.twice) + (row!.state === "done" ? 0 : 1)
  const missing = 2 * characters - Number(row!.parts)
  return {
    wrong: wrong + missing,
    warcraftlogs: repeatsOf(callsOf(world).map(({ body }) => JSON.stringify(body))),
    battlenet: repeatsOf(world.battlenet.calls.to("/profile/").map((call) => call.path)),
    calls: callsOf(world).length
  }
}

type Verdict = Awaited<ReturnType<typeof verdictOf>>

const titles = { warcraftlogs: "Warcraft Logs", battlenet: "Battle.net" }

const figuresOf = (verdicts: ReadonlyArray<Verdict>, allowed: number): ReadonlyArray<Figure> => [
  none(
    "parts not settled exactly once",
    verdicts.length,
    verdicts.reduce((sum, { wrong }) => sum + wrong, 0)
  ),
  ...(["warcraftlogs", "battlenet"] as const).map((provider) => {
    const worst = Math.max(...verdicts.map((one) => one[provider]))
    const what = `requests to ${titles[provider]} that a refresh repeated`
    return { what, n: verdicts.length, worst, goal: `≤ ${allowed}`, ok: worst <= allowed, timed: false }
  })
]

/** Does something to the replica that has the work, again and again; `strike` answers what it timed. */
const struck = (
  title: string,
  what: string,
  allowed: number,
  strike: (run: Run, worker: 0 | 1) => Promise<{ readonly ms: number; readonly after?: () => Promise<number> }>
) => {
  const goals = { worst: 10_000 }
  return async (world: World, size: Size): Promise<Result> => {
    const rounds = roundsOf(size, 20, 2)
    const characters = await prepare(world)
    const verdicts: Array<Verdict> = []
    const pauses: Array<number> = []
    let overwritten = 0
    // The world's own would take a share of the work.
    for (const own of world.replicas) await own.end("SIGTERM")
    await usingReplicas(world, 2, {}, async (pair) => {
      const replicas = [pair[0]!, pair[1]!] as const
      for (const replica of replicas) replica.spawn({ METRICS_PORT: String(replica.port + 1000) })
      for (const replica of replicas) await replica.answered("/health/ready")
      // Both have taken their share of the work by then.
      await setTimeout(8000)
      for (let round = 0; round < rounds; round += 1) {
        const run = await begin(world, replicas, 2 + (round % 9))
        const { ms, after } = await strike(run, await workerOf(run))
        pauses.push(ms)
        verdicts.push(await verdictOf(run, characters))
        overwritten += (await after?.()) ?? 0
        for (const replica of replicas)
          if (!replica.isRunning)
            await replica.spawn({ METRICS_PORT: String(replica.port + 1000) }).answered("/health/ready")
        await setTimeout(8000)
      }
    })
    return {
      title,
      load: `${rounds} refreshes of ${characters} characters by two replicas; ${verdicts.map(({ calls }) => calls).join(", ")} requests to Warcraft Logs`,
      statuses: {},
      figures: [
        times(what, pauses, goals),
        ...figuresOf(verdicts, allowed),
        none("rows that changed after the end", rounds, overwritten)
      ]
    }
  }
}

/** Milliseconds until Warcraft Logs is asked again. */
const untilNextCall = async ({ world }: Run) => {
  const before = callsOf(world).length
  const since = performance.now()
  const [live] = [async () => callsOf(world).length > before]
  await until(live, 60_000, "the next request of a refresh")
  return performance.now() - since
}

export const killedJobs = struck(
  "SIGKILL in a refresh",
  "from the kill to the other's next request",
  1,
  async (run, worker) => {
    await run.replicas[worker].end("SIGKILL")
    return { ms: await untilNextCall(run) }
  }
)

export const terminatedJobs = struck(
  "SIGTERM in a refresh",
  "from the signal to the other's next request",
  0,
  async (run, worker) => {
    const since = performance.now()
    await run.replicas[worker].end("SIGTERM")
    await untilNextCall(run)
    return { ms: performance.now() - since }
  }
)

const stored = ({ world }: Run) =>
  world.postgres.query<{ mark: string }>(
    `select md5(string_agg(x, ',' order by x)) as mark from (
       select w.xmin || ' ' || w.character_id as x from character_warcraftlogs_snapshots w
       union all select b.xmin || ' ' || b.character_id from character_battlenet_snapshots b
       union all select p.xmin || ' ' || p.provider || p.entry_id from guild_refresh_parts p
     ) rows`
  )

export const frozenJobs = struck(
  "A replica frozen in a refresh, which another finishes",
  "from the freeze to the other's next request",
  1,
  async (run, worker) => {
    run.replicas[worker].signal("SIGSTOP")
    // What was on its way.
    await setTimeout(slowness.warcraftlogs * 2)
    const ms = await untilNextCall(run)
    return {
      ms,
      after: async () => {
        const [before] = await stored(run)
        run.replicas[worker].signal("SIGCONT")
        await setTimeout(5000)
        const [now] = await stored(run)
        return before!.mark === now!.mark ? 0 : 1
      }
    }
  }
)

export const jobsWithoutPostgres = struck(
  "PostgreSQL restarted in a refresh",
  "from its start to the next request",
  1,
  async (run) => {
    await run.world.postgres.stop("fast")
    await setTimeout(2000)
    await run.world.postgres.start()
    return { ms: await untilNextCall(run) }
  }
)
