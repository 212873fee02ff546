const safe = new Set(["GET", "HEAD", "OPTIONS"])

/** Whether a method never changes anything. */
export const isSafe = (method: string) => safe.has(method)
