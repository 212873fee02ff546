import { performance } from "node:perf_hooks"
import { closedLoop, type Load, quantile } from "./Client.ts"
import { busyOf, cores, cpuOf, cpuOfFamilies, listensOn, load } from "./Machine.ts"
import { prepare, type RouteName } from "./Routes.ts"
import type { Servers } from "./Servers.ts"
import type { Subject } from "./Subjects.ts"

export interface Sample {
  readonly rate: number
  /** CPU microseconds a request, of all threads of the server. */
  readonly micros: number
  readonly p50: number
  readonly p99: number
  readonly bytes: number
  /** How much of its core the server had: below 0.9 the others were the limit, and the rate is theirs. */
  readonly share: number
  /** The largest part of a core that was not ours to use: others had it, or nobody, as a machine below took it. */
  readonly foreign: number
  readonly load: string
}

/** Above that a sample says more of the neighbours than of the server. */
export const tolerated = 0.1
const tries = 3

const now = (pid: number, { families }: Servers) => ({
  at: performance.now() / 1000,
  cpu: cpuOf(pid),
  others: cpuOfFamilies(families),
  busy: [busyOf(cores.server), busyOf(cores.others)] as const
})

/** Runs a load between two looks at the machine. */
export const watch = async (
  subject: Subject,
  servers: Servers,
  run: () => Promise<Load>,
  closed: boolean
): Promise<Sample> => {
  subject.forgetLog()
  if (!listensOn(subject.pid, subject.port)) throw new Error(`${subject.kind} has lost its port.`)
  const before = now(subject.pid, servers)
  const { requests, seconds, latencies, bytes } = await run()
  const after = now(subject.pid, servers)
  const wall = after.at - before.at
  const cpu = after.cpu - before.cpu
  const busy = [after.busy[0] - before.busy[0], after.busy[1] - before.busy[1]] as const
  // Under a closed loop one core is always busy; when none is, a machine below this one has not let us run.
  const withheld = closed ? wall - Math.max(...busy) : 0
  const lost = Math.max(0, busy[0] - cpu, busy[1] - (after.others - before.others), withheld)
  return {
    rate: requests / seconds,
    micros: (cpu / requests) * 1e6,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    bytes,
    share: cpu / wall,
    foreign: lost / wall,
    load: load()
  }
}

/** A sample that nobody disturbed, or the least disturbed of three. */
export const undisturbed = async (take: () => Promise<Sample>) => {
  let best = await take()
  for (let n = 1; n < tries && best.foreign > tolerated; n++) {
    const sample = await take()
    if (sample.foreign < best.foreign) best = sample
  }
  return best
}

/** As much as a server can do, when it is warm. */
export const measure = async (subject: Subject, route: RouteName, requests: number, servers: Servers) => {
  const prepared = prepare(subject.kind, route)
  await closedLoop(subject.port, prepared, Math.max(200, Math.floor(requests / 10)))
  return undisturbed(() => watch(subject, servers, () => closedLoop(subject.port, prepared, requests), true))
}
