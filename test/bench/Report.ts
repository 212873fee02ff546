import { readFileSync, writeFileSync } from "node:fs"
import { connections } from "./Client.ts"
import { raiders, users } from "./Data.ts"
import { root } from "./Kinds.ts"
import { machine } from "./Machine.ts"
import { tolerated } from "./Sample.ts"
import { figures, markdownTable, type Measured, memories, ratios } from "./Summary.ts"

const path = `${root}docs/performance.md`

/** The one section that people write; whatever follows its title stays as it is. */
const kept = "## What each cut gained"

const keptText = () => {
  try {
    const text = readFileSync(path, "utf8")
    const at = text.indexOf(kept)
    return at < 0 ? undefined : text.slice(at)
  } catch {
    return undefined
  }
}

const versionsOfPeers = () => {
  const { dependencies } = JSON.parse(readFileSync(`${root}test/bench/peers/package.json`, "utf8")) as {
    dependencies: Record<string, string>
  }
  return Object.entries(dependencies).map(([name, version]) => `${name} ${version}`)
}

interface Circumstances {
  readonly versions: string
  readonly rounds: number
  readonly requests: number
  readonly loadBefore: string
  readonly loadAfter: string
}

export const writeReport = (measured: Measured, run: Circumstances) => {
  const text = `# Performance

Made by \`npm run bench -- --report\`, all but the last section; a run replaces it.

- Machine: ${machine()}. Load average before and after: ${run.loadBefore}, ${run.loadAfter}.
- ${run.versions}. Peers: ${versionsOfPeers().join(", ")}.
- The server under test alone on one core; client, PostgreSQL and Redis on another; ${connections} connections kept alive.
- ${users.toLocaleString("en")} users, 250 guilds, a raid of ${raiders} with 120 characters and full snapshots. Every answer of ours and
  the peers' was the same JSON before anything was timed.
- ${run.rounds} rounds of ${run.requests} requests for each route and server, in alternation. Figures are medians (lowest..highest); ratios are
  of two samples of the same round. A sample in which others had more than ${tolerated * 100} % of a core is repeated twice,
  and called disturbed when that does not help.
- "Core used" is the server's share of its core: well below 100 % the other core was the limit, and the rate is that
  core's. CPU a request holds either way.
- better-auth reads its own session and owes no other duty.

## Against the others

${markdownTable(ratios(measured))}

## Figures

${markdownTable(figures(measured))}

## Memory and start

${markdownTable(memories(measured))}

${keptText() ?? `${kept}\n\nNothing was cut yet.\n`}`
  writeFileSync(path, text)
  return path
}
