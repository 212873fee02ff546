/** Milliseconds: so long a thread works before it looks whether requests came, and so long none came when it goes on. */
const [slice, quiet] = [20, 50]

/** While requests come a thread rests so many times as long as it worked, so a tenth of a core is the least it has. */
const rests = 9

/** Milliseconds: what cannot be divided may take long, and its time is of the clock. */
const longest = 1000

/**
 * Called often by a thread that requests come before, and sleeps while they come, in pieces, so that a stop is seen soon.
 * A low priority does not suffice: the kernel heeds it within a control group or a session, not towards PostgreSQL's.
 */
export const giveWay = (begun: Int32Array, stopped: Int32Array) => {
  let since = performance.now()
  let seen = Atomics.load(begun, 0)
  const cameSome = () => {
    const before = seen
    seen = Atomics.load(begun, 0)
    return seen !== before
  }
  return () => {
    const worked = performance.now() - since
    if (worked < slice) return
    if (cameSome()) {
      const until = performance.now() + Math.min(rests * worked, longest)
      while (Atomics.wait(stopped, 0, 0, quiet) === "timed-out" && cameSome() && performance.now() < until);
    }
    since = performance.now()
  }
}
