/** One statement without its semicolon and leading comments. `line` is its first line, counted from 1. */
export interface SqlStatement {
  readonly text: string
  readonly line: number
}

/** A quotation or comment has no end. */
export class UnterminatedSql extends Error {
  override readonly name = "UnterminatedSql"
}

interface Quotation {
  readonly what: string
  readonly opens: RegExp
  /** The index after the closing mark, or -1. */
  readonly end: (text: string, from: number, opening: string) => number
}

const after = (pattern: RegExp) => (text: string, from: number) => {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : -1
}

const afterMark = (text: string, from: number, mark: string) => {
  const index = text.indexOf(mark, from)
  return index === -1 ? -1 : index + mark.length
}

/** Unlike in C, block comments nest. */
const afterBlockComment = (text: string, from: number) => {
  const marks = /\/\*|\*\//g
  marks.lastIndex = from
  for (let depth = 1; depth > 0;) {
    const mark = marks.exec(text)
    if (mark === null) return -1
    depth += mark[0] === "/*" ? 1 : -1
  }
  return marks.lastIndex
}

const blockComment: Quotation = { what: "comment", opens: /\/\*/y, end: afterBlockComment }

const quotations: ReadonlyArray<Quotation> = [
  // An escape string can continue on a later line.
  { what: "string", opens: /e'/iy, end: after(/[^'\\]*(?:(?:\\[^]|''|'[ \t\f\v]*\r?\n\s*')[^'\\]*)*'/y) },
  { what: "string", opens: /'/y, end: after(/[^']*(?:''[^']*)*'/y) },
  { what: "quoted name", opens: /"/y, end: after(/[^"]*(?:""[^"]*)*"/y) },
  { what: "dollar-quoted string", opens: /\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/iy, end: afterMark }
]

const blank = /(?:\s|--[^\n]*)+/y
/** Names are read whole, since a `$` inside one or an `e` at its end does not open a string. */
const name = /[a-z_\u0080-\uffff][\w$\u0080-\uffff]*/iy

const matchAt = (pattern: RegExp, text: string, index: number) => {
  pattern.lastIndex = index
  return pattern.exec(text)?.[0]
}

const lineAt = (text: string, index: number) => text.slice(0, index).split("\n").length

const afterQuotation = (text: string, index: number, { what, opens, end }: Quotation) => {
  const opening = matchAt(opens, text, index)
  if (opening === undefined) return undefined
  const next = end(text, index + opening.length, opening)
  if (next === -1) throw new UnterminatedSql(`the ${what} that begins on line ${lineAt(text, index)} does not end`)
  return next
}

const afterToken = (text: string, index: number) => {
  for (const quotation of quotations) {
    const next = afterQuotation(text, index, quotation)
    if (next !== undefined) return next
  }
  return index + (matchAt(name, text, index)?.length ?? 1)
}

/**
 * Splits SQL at its semicolons, as PostgreSQL reads it: strings, escape strings, quoted names, dollar quotes and nested
 * comments stay whole. Does not support bodies written as `begin atomic … end`. Throws `UnterminatedSql`.
 */
export const splitStatements = (text: string): ReadonlyArray<SqlStatement> => {
  const statements: Array<SqlStatement> = []
  let start = -1
  const finish = (end: number) => {
    if (start !== -1) statements.push({ text: text.slice(start, end).trimEnd(), line: lineAt(text, start) })
    start = -1
  }
  for (let index = 0; index < text.length;) {
    const space = matchAt(blank, text, index)?.length
    const skipped = space === undefined ? afterQuotation(text, index, blockComment) : index + space
    if (skipped !== undefined) {
      index = skipped
    } else if (text[index] === ";") {
      finish(index++)
    } else {
      if (start === -1) start = index
      index = afterToken(text, index)
    }
  }
  finish(text.length)
  return statements
}
