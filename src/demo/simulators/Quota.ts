/** A limit of points per period, counted as a provider counts it. */
export class Quota {
  private spent = 0
  private endsAt = 0
  readonly limit: number
  private readonly seconds: number
  private readonly now: () => number

  constructor(limit: number, seconds: number, now: () => number) {
    this.limit = limit
    this.seconds = seconds
    this.now = now
  }

  private turn() {
    if (this.now() < this.endsAt) return
    this.spent = 0
    this.endsAt = this.now() + this.seconds * 1000
  }

  readonly spend = (points: number) => {
    this.turn()
    this.spent += points
  }

  get spentSoFar() {
    this.turn()
    return this.spent
  }

  get left() {
    return Math.max(0, this.limit - this.spentSoFar)
  }

  /** Seconds, at least one. */
  get resetsIn() {
    this.turn()
    return Math.max(1, Math.ceil((this.endsAt - this.now()) / 1000))
  }
}
