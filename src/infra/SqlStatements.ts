/** One statement without its semicolon and the comments around it. `line` is its first line, counted from 1. */
export interface SqlStatement {
  readonly text: string
  readonly line: number
}

/** A quotation or comment has no end. */
export class UnterminatedSql extends Error {
  override readonly name = "UnterminatedSql"
}

type End = (text: string, from: number, opening: string) => number

interface Rule {
  /** `blank` belongs to no statement; only a `word` can be a keyword, and only a `mark` a parenthesis or semicolon. */
  readonly kind: "blank" | "word" | "mark" | "value"
  readonly begins: RegExp
  /** For what has a closing mark: its name, and the index behind that mark or -1. */
  readonly closes?: readonly [what: string, end: End]
}

const after = (pattern: RegExp, text: string, from: number) => {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : -1
}

const upTo =
  (pattern: RegExp): End =>
  (text, from) =>
    after(pattern, text, from)

const afterMark: End = (text, from, mark) => {
  const index = text.indexOf(mark, from)
  return index === -1 ? -1 : index + mark.length
}

/** Unlike in C, block comments nest. */
const afterBlockComment: End = (text, from) => {
  const marks = /\/\*|\*\//g
  marks.lastIndex = from
  for (let depth = 1; depth > 0;) {
    const mark = marks.exec(text)
    if (mark === null) return -1
    depth += mark[0] === "/*" ? 1 : -1
  }
  return marks.lastIndex
}

const escaped = /[^'\\]*(?:(?:\\[^]|'')[^'\\]*)*'(?!')/y
const continued = /[ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'/y

/** A second part on a later line belongs to the same string: a backslash escapes there, too. */
const afterEscapeString: End = (text, from) => {
  for (let index = from; ;) {
    const end = after(escaped, text, index)
    if (end === -1) return -1
    index = after(continued, text, end)
    if (index === -1) return end
  }
}

const letter = String.raw`[a-z_\u0080-\uffff]`
const name = String.raw`${letter}[\w$\u0080-\uffff]*`
const pattern = (source: string) => new RegExp(source, "iy")

/**
 * The rules of PostgreSQL's scan.l and psqlscan.l that decide where a token ends; the first that matches counts.
 * `standard_conforming_strings` is on. A prefix other than E changes nothing about where a string ends, and an operator ends
 * where a comment begins, so neither has a rule.
 */
const rules: ReadonlyArray<Rule> = [
  // Not \s: for PostgreSQL other blanks of Unicode are letters. A lone carriage return ends a line, too.
  { kind: "blank", begins: /[ \t\n\r\f\v]+|--[^\n\r]*/y },
  { kind: "blank", begins: /\/\*/y, closes: ["comment", afterBlockComment] },
  { kind: "value", begins: /e'/iy, closes: ["string", afterEscapeString] },
  { kind: "value", begins: /'/y, closes: ["string", upTo(/[^']*(?:''[^']*)*'(?!')/y)] },
  { kind: "value", begins: /"/y, closes: ["quoted name", upTo(/[^"]*(?:""[^"]*)*"(?!")/y)] },
  {
    kind: "value",
    begins: pattern(String.raw`\$(?:${letter}[\w\u0080-\uffff]*)?\$`),
    closes: ["dollar-quoted string", afterMark]
  },
  // Taken whole: a dollar inside of a name opens nothing, and neither does an `e` at the end of a name or number.
  { kind: "word", begins: pattern(name) },
  { kind: "value", begins: pattern(String.raw`(?:\$\d+|\d[\d_]*(?:\.(?!\.)[\d_]*)?)(?:${name})?`) },
  { kind: "mark", begins: /[^]/y }
]

/** Where a line ends, for psql and for editors. */
export const lineAt = (text: string, index: number): number => text.slice(0, index).split(/\r\n?|\n/).length

const tokenAt = (text: string, index: number) => {
  for (const { kind, begins, closes } of rules) {
    const opened = after(begins, text, index)
    if (opened === -1) continue
    if (closes === undefined) return { kind, end: opened }
    const [what, close] = closes
    const end = close(text, opened, text.slice(index, opened))
    if (end === -1) throw new UnterminatedSql(`the ${what} that begins on line ${lineAt(text, index)} does not end`)
    return { kind, end }
  }
  throw new RangeError(`no token at ${index}`)
}

const routine = /^create (?:or replace )?(?:function|procedure)(?: |$)/

/** Whether a semicolon ends the statement: not in parentheses, as of a rule, and not in a routine's `begin atomic … end`. */
const nesting = () => {
  let parentheses = 0
  let body = 0
  let head = ""
  let words = 0
  let previous = ""
  const keyword = (word: string) => {
    if (words++ < 4) head += `${word} `
    if (parentheses > 0 || !routine.test(head)) return
    if (body === 0) body = word === "atomic" && previous === "begin" ? 1 : 0
    // Behind these it is the name of a column.
    else if (previous !== "as" && previous !== ".") body += word === "case" ? 1 : word === "end" ? -1 : 0
  }
  return {
    isOpen: () => parentheses > 0 || body > 0,
    take: (kind: Rule["kind"], token: string) => {
      const word = kind === "word" ? token.toLowerCase() : token
      if (kind === "word") keyword(word)
      else if (word === "(") parentheses++
      else if (word === ")" && parentheses > 0) parentheses--
      previous = word
    }
  }
}

/**
 * Splits SQL at its semicolons, as psql does: strings, quoted names, dollar quotes, comments, parentheses and the bodies of
 * routines stay whole. Throws `UnterminatedSql`.
 */
export const splitStatements = (text: string): ReadonlyArray<SqlStatement> => {
  const statements: Array<SqlStatement> = []
  let start = -1
  let last = -1
  let nested = nesting()
  const finish = () => {
    if (start !== -1) statements.push({ text: text.slice(start, last), line: lineAt(text, start) })
    start = -1
    nested = nesting()
  }
  for (let index = 0; index < text.length;) {
    const { kind, end } = tokenAt(text, index)
    if (kind === "mark" && text[index] === ";" && !nested.isOpen()) finish()
    else if (kind !== "blank") {
      if (start === -1) start = index
      last = end
      nested.take(kind, text.slice(index, end))
    }
    index = end
  }
  finish()
  return statements
}
