import { kindsOf } from "../src/composer/engine/Kinds.ts"
import { patternsOf } from "../src/composer/engine/Patterns.ts"
import { rosterOf, shapes } from "./composer/rosters.ts"
const problem = rosterOf(1, shapes["2×25"])
const k = kindsOf(problem)
console.log(k.seats.map((s, i) => `${i} ${s.class} ${s.spec} ${s.role} a${k.audience[i]}`).join("\n"))
const n = (kind: number) => k.of.filter((x) => x === kind).length
for (const b of k.raid) { console.log(b.way, b.offers.length); for (const o of b.offers) { console.log("   stacks", o.stacks, "givers", [...o.level].map((l, i) => l ? `${i}:${l}(${n(i)})` : "").filter(Boolean).join(" ")); for (const w of o.worth) console.log("     ", w.join(" ")) } }
console.log("patterns", patternsOf(problem, k).count, "types", patternsOf(problem, k).types)
