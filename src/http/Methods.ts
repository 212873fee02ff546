const safe = new Set(["GET", "HEAD", "OPTIONS"])

/** Methods that ask and never change anything. */
export const isSafe = (method: string) => safe.has(method)
