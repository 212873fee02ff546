/**
 * One encoded segment of a URL path, or undefined if the text cannot be one: empty, "." or ".." (which percent-encoding
 * does not protect), with control characters or a lone surrogate.
 */
export const pathSegment = (text: string) =>
  text === "" || text === "." || text === ".." || /\p{Cc}/u.test(text) || !text.isWellFormed()
    ? undefined
    : encodeURIComponent(text)
