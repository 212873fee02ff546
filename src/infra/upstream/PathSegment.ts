/**
 * One segment of a URL's path, or undefined when the text can be none: empty, a step up ("..", which no percent-encoding
 * protects), control characters, half a surrogate pair.
 */
export const pathSegment = (text: string) =>
  text === "" || text === "." || text === ".." || /\p{Cc}/u.test(text) || !text.isWellFormed()
    ? undefined
    : encodeURIComponent(text)
