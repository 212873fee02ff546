/** What an answer holds: a test says what it expects to find there. */
// oxlint-disable-next-line typescript/no-explicit-any -- as in Browser.ts
export type Any = any
