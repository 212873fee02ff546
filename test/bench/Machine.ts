import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { arch, cpus, loadavg, release, totalmem } from "node:os"

/* What Linux says of processes and cores. A tick is 10 ms, whatever the kernel's own is. */

const tick = 0.01

/** The core of the server that is measured, and the one of everything else. */
export const cores = { server: 0, others: 1 }

/** This process, and with it all it will start unless told otherwise, keeps off the server's core. */
export const keepAside = () => {
  if (process.platform !== "linux" || cpus().length < 2) throw new Error("The benchmark needs Linux and two cores.")
  execFileSync("taskset", ["-acp", String(cores.others), String(process.pid)])
}

const fieldsOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ")

/** CPU seconds of all threads of a process. `stat` would tell them in ticks, too coarse for a short sample. */
export const cpuOf = (pid: number) => {
  const times = readdirSync(`/proc/${pid}/task`).map((id) => readFileSync(`/proc/${pid}/task/${id}/schedstat`, "utf8"))
  return times.reduce((sum, text) => sum + Number(text.split(" ", 1)[0]), 0) / 1e9
}

/** Resident memory now and at its highest, in MB. */
export const memoryOf = (pid: number) => {
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  const of = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024
  return { rss: of("VmRSS"), peak: of("VmHWM") }
}

/** Seconds that a core was not idle; what a hypervisor took counts. */
export const busyOf = (core: number) => {
  const line = new RegExp(`^cpu${core} (.*)$`, "m").exec(readFileSync("/proc/stat", "utf8"))?.[1] ?? ""
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(" ").map(Number)
  return (user + nice + system + irq + softirq + steal) * tick
}

const pids = () =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

/** CPU seconds of some processes and their children, those included that have ended and were waited for. */
export const cpuOfFamilies = (parents: ReadonlyArray<number>) => {
  let seconds = 0
  for (const pid of pids()) {
    try {
      const fields = fieldsOf(pid)
      const isParent = parents.includes(pid)
      if (!isParent && !parents.includes(Number(fields[1]))) continue
      seconds +=
        (Number(fields[11]) + Number(fields[12]) + (isParent ? Number(fields[13]) + Number(fields[14]) : 0)) * tick
    } catch {
      // It has just ended.
    }
  }
  return seconds
}

const listeners = (port: number) => {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`
  const lines = ["tcp", "tcp6"].flatMap((name) => readFileSync(`/proc/net/${name}`, "utf8").split("\n").slice(1))
  const fields = lines.map((line) => line.trim().split(/\s+/))
  return fields
    .filter(([, local, , state]) => local?.endsWith(end) && state === "0A")
    .map((all) => `socket:[${all[9]}]`)
}

const holds = (pid: number, sockets: ReadonlyArray<string>) => {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return sockets.includes(readlinkSync(`/proc/${pid}/fd/${fd}`))
      } catch {
        return false
      }
    })
  } catch {
    return false
  }
}

/** Whether a process, and nobody else, listens on a port. */
export const listensOn = (pid: number, port: number) => {
  const sockets = listeners(port)
  return sockets.length === 1 && holds(pid, sockets)
}

/** The process that listens on a port; the oldest, should its children hold the socket too. */
export const listenerOf = (port: number) => {
  const sockets = listeners(port)
  const pid = pids().find((pid) => holds(pid, sockets))
  if (pid === undefined) throw new Error(`Nobody is found to listen on port ${port}.`)
  return pid
}

export const load = () => loadavg()[0]!.toFixed(2)

export const machine = () => {
  const gigabytes = Math.round(totalmem() / 1024 ** 3)
  return `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${gigabytes} GB, Linux ${release()} ${arch()}`
}
