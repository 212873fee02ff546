/** Text as PostgreSQL can hold it: neither `text` nor `jsonb` takes U+0000, and `jsonb` takes no lone surrogate. */
export const cleanText = (text: string) => text.replaceAll("\u0000", "").toWellFormed()
