/** Text that PostgreSQL can store: `text` and `jsonb` refuse U+0000, and `jsonb` refuses lone surrogates. */
export const cleanText = (text: string) => text.replaceAll("\u0000", "").toWellFormed()
