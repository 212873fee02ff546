import { Effect } from "effect"
import { isReadable, tidy } from "../guilds/Guild.ts"
import { limits, PlanInvalid, type RaidFacts } from "./Plan.ts"

interface Fault {
  readonly field: string
  readonly reason: string
}

const pattern = /^(\d{4})-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)$/

/** A moment of this century or the next as it is shown, to the millisecond; undefined if it is none. */
const momentOf = (text: string) => {
  const year = Number(pattern.exec(text)?.[1] ?? "0")
  const date = new Date(text)
  return year < 2000 || year > 2199 || Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

interface WrittenFacts {
  readonly title?: string
  readonly size?: RaidFacts["size"]
  readonly starts_at?: string | null
  readonly zone?: string | null
}

/** Reads the texts and times of a plan as people write them, and collects what is wrong with them. */
export class Reader {
  readonly #faults: Array<Fault> = []

  title(field: string, text: string) {
    const title = tidy(text)
    if (!isReadable(title, limits.title)) {
      this.#faults.push({ field, reason: "must have 1 to 100 visible characters and no control characters" })
    }
    return title
  }

  #startsAt(field: string, text: string | null) {
    if (text === null) return null
    const moment = momentOf(text)
    if (moment === undefined) this.#faults.push({ field, reason: "must be a time in RFC 3339, of 2000 to 2199" })
    return moment ?? null
  }

  /** What is written of a raid; what is left out stays out. */
  facts(prefix: string, { title, size, starts_at, zone }: WrittenFacts): Partial<RaidFacts> {
    return {
      ...(title !== undefined && { title: this.title(`${prefix}.title`, title) }),
      ...(size !== undefined && { size }),
      ...(starts_at !== undefined && { starts_at: this.#startsAt(`${prefix}.starts_at`, starts_at) }),
      ...(zone !== undefined && {
        zone: zone === null || tidy(zone) === "" ? null : this.title(`${prefix}.zone`, zone)
      })
    }
  }

  /** The same of a raid that is new. */
  raid(prefix: string, written: WrittenFacts & Pick<RaidFacts, "title" | "size">): RaidFacts {
    const { title, size } = written
    return { starts_at: null, zone: null, title, size, ...this.facts(prefix, written) }
  }

  /** Fails if anything was wrong. */
  get done(): Effect.Effect<void, PlanInvalid> {
    const fields = this.#faults.slice(0, 20)
    return fields.length === 0 ? Effect.void : Effect.fail(new PlanInvalid({ details: { fields } }))
  }
}
