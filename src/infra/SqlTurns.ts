/** A caller that waits for its turn. */
interface Waiter {
  readonly begin: () => () => void
  readonly refuse: () => void
  readonly timer: NodeJS.Timeout
  stop: (() => void) | undefined
}

/** How long a caller waits for a turn, in milliseconds: what remains of a request's time limit is for its statement. */
const longest = 1000

/** The weight of the newest turn in the average. */
const newest = 0.2

/**
 * Who may use a pool of so many connections, first come, first served. The queue is bounded by time, not by number: a
 * caller whose turn would not come in time, as turns went lately, is refused at once. A turn ends with its statement
 * and not with its caller, so that nobody is sent to a connection that is busy with an abandoned one.
 */
export class SqlTurns {
  private free: number
  private readonly seats: number
  private readonly onUse: () => void
  private readonly waiting = new Set<Waiter>()
  /** Milliseconds that a turn takes, on average. */
  private average = 0

  constructor(seats: number, onUse: () => void = () => {}) {
    this.free = seats
    this.seats = seats
    this.onUse = onUse
  }

  /** Calls `begin` when it is the caller's turn, which returns how to stop it, or `refuse`. Returns how to go away. */
  take(begin: () => () => void, refuse: () => void, limit: number): () => void {
    if (this.free > 0) {
      this.free -= 1
      this.onUse()
      return begin()
    }
    // Not one patience for all: those who came together would be refused together, and hold up everybody else.
    const patience = Math.min(limit, longest * (0.7 + 0.3 * Math.random()))
    if ((this.waiting.size * this.average) / this.seats > patience) {
      refuse()
      return () => {}
    }
    const timer = setTimeout(() => {
      this.waiting.delete(waiter)
      refuse()
    }, patience)
    const waiter: Waiter = { begin, refuse, timer, stop: undefined }
    this.waiting.add(waiter)
    return () => {
      clearTimeout(timer)
      this.waiting.delete(waiter)
      waiter.stop?.()
    }
  }

  /** Ends a turn that took so many milliseconds. */
  end(took: number) {
    this.average += (took - this.average) * newest
    const [next] = this.waiting
    if (next === undefined) {
      this.free += 1
      return
    }
    clearTimeout(next.timer)
    this.waiting.delete(next)
    next.stop = next.begin()
  }
}
