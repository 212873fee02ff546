/** Seconds of a composition by which a `slowThread` knows what to do. */
export const modes = {
  /** Goes on until it is stopped. */
  patient: 60,
  /** The same, and tells nothing before. */
  silent: 59,
  /** Has a plan, and then does not hear that it is to stop. */
  stubborn: 58,
  /** The same, and its time is over soon. */
  short: 1,
  /** Takes all memory. */
  greedy: 57
}
