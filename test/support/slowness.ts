const text = "the quick brown fox, ".repeat(50_000)

/** User time in ms of one look at a megabyte of text, sign by sign. */
const look = () => {
  const before = process.cpuUsage()
  let sum = 0
  for (let at = 0; at < text.length; at++) sum = (sum * 31 + text.charCodeAt(at)) | 0
  return sum === 0 ? 0 : process.cpuUsage(before).user / 1000
}

/** How many times slower than usual, 8 ms a look, this machine is now; at least 1. For limits of processor time. */
export const slowness = () => Math.max(1, Math.min(...Array.from({ length: 20 }, look)) / 8)
