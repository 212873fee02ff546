import type { LayoutRaid, Seated } from "./Layout.ts"
import type { Changes, Move, Place } from "./Plan.ts"

type Titles = ReadonlyArray<Pick<LayoutRaid<Seated>, "title">>

const placeIn = ({ raid, group }: Place, titles: Titles) => {
  const title = titles[raid]?.title ?? `raid ${raid + 1}`
  return group === null ? `the bench of ${title}` : `group ${group + 1} of ${title}`
}

const moved = ({ name, from, to }: Move, titles: Titles) => {
  if (to === null) return `${name} taken out.`
  const sits = from !== null && from.raid === to.raid && from.group === to.group && from.slot === to.slot
  return sits ? `${name} plays ${to.spec}.` : `${name} to ${placeIn(to, titles)}.`
}

/** What was done, in a sentence or two. */
export const summaryOf = ({ title, raids, moves }: Changes, titles: Titles) => {
  const renamed = title !== null && title.from !== null ? [`Renamed to ${title.to}.`] : []
  const changed = raids.map(({ raid, from, to }) => {
    if (to === null) return `Raid ${raid + 1} removed.`
    return from === null ? `Raid ${raid + 1} added.` : `Raid ${raid + 1} changed.`
  })
  const added = moves.filter(({ from }) => from === null).length
  const removed = moves.filter(({ to }) => to === null).length
  const counts = [
    [moves.length - added - removed, "moved"],
    [added, "added"],
    [removed, "taken out"]
  ] as const
  const many = counts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).join(", ")
  const who = moves.length === 0 ? [] : moves.length === 1 ? [moved(moves[0]!, titles)] : [`${many}.`]
  return [...renamed, ...changed, ...who].join(" ")
}
