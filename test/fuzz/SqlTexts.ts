import * as fc from "fast-check"

export interface SqlText {
  readonly text: string
  /** False when it holds what psql, which reads line by line, takes for something else than the server does. */
  readonly forPsql: boolean
}

const of = (...texts: ReadonlyArray<string>) => fc.constantFrom(...texts)

/** What stands between two tokens; never nothing, so that no prefix changes the meaning of a quote. */
const gap = fc.oneof(
  { weight: 6, arbitrary: of(" ", "\n", "\t", "\r", "\f", "\v ", "\r\n", "  ") },
  {
    weight: 1,
    arbitrary: of(
      " -- ;'\n",
      "--\r",
      ' -- $$ ( "\r',
      "/* ; */",
      " /*/ ' /**/ ; */",
      "/* /* ( */ $$ **/",
      " --;\r\n ",
      "/*--*/"
    )
  }
)

/** Expressions of type text without a backslash. */
const plain = of(
  "'a;b'",
  "'it''s;'",
  "''''",
  "N'x;'",
  "B'01'::text",
  "X'1F'::text",
  "$$;'$$",
  "$a$;$$;$b$;$a$",
  "$é$;$ê$;$é$",
  "$_1$;$_$;$_1$",
  "'a'\r';b'",
  "'a'\n  ';b'",
  "('x' || ';')",
  "case when true then 'a;' else 'b' end",
  "\"lower\"('A;')",
  "(4 +-- ;\n 1)::text",
  "(4 */* ; */ 2)::text",
  "(5 - -- ;'\r 1)::text",
  "(@-- ; (\r 3)::text",
  "(2<--;\n3)::text",
  "1.e1::text",
  "(array[1, 2])[1]::text",
  "null"
)

const escaped = of(
  "'C:\\'",
  "E'\\';'",
  "e'\\\\'",
  "e'\\'; -- '",
  "E'''\\''';'",
  "U&'d\\0061;'",
  "U&'d!0061\\;' uescape '!'",
  "E'\\u0061;\\'('"
)

/** The second part is an escape string, too, but not to psql. */
const onServer = of("E'a'\n'\\';b'", "E'a' -- ;'\n\t'\\';'", "E'a'\r--;\n'\\\\\\';'", "e''\n'\\';'\n'\\';'")

const names = ["t", "u", "f", "x$y", "é\u00a0", '"a;b"', '"say ""(;"', 'U&"d\\0061;"', "begin", "_e", "ſ"]

type Part = string | fc.Arbitrary<string>

/** Tokens of a statement with something between any two of them. */
const spaced = (...parts: ReadonlyArray<Part>) =>
  fc
    .tuple(...parts.map((part) => fc.tuple(typeof part === "string" ? fc.constant(part) : part, gap)))
    .map((pairs) => pairs.flat().join(""))

const statements = (value: fc.Arbitrary<string>, name: fc.Arbitrary<string>) => {
  const insert = spaced("insert", "into", "t", "values", "(", value, ")")
  const query = spaced("insert", "into", "t", "select", value, "||", value)
  const label = spaced(
    "insert",
    "into",
    "t",
    "select",
    "q",
    ".",
    name,
    "from",
    "(",
    "select",
    value,
    "as",
    name,
    ")",
    "q"
  )
  const change = fc.oneof(insert, query)
  const routine = of(
    "create function",
    "create or replace function",
    "CREATE\rFunction",
    "create or/*;*/replace function"
  )
  const conditional = spaced(
    "insert into t select case",
    value,
    "when 'a' then case when true then 'b;' end else",
    value,
    "end"
  )
  return fc.oneof(
    { weight: 4, arbitrary: change },
    { weight: 1, arbitrary: label },
    { weight: 2, arbitrary: spaced("create", "table", name, "(", "n", "text", "default", value, ")") },
    { weight: 1, arbitrary: spaced("create", "view", name, "as", "select", value, "as", name) },
    {
      weight: 1,
      arbitrary: spaced("create or replace rule r as on insert to u do also", "(", change, ";", change, ")")
    },
    { weight: 1, arbitrary: spaced("insert into u values", "(", value, ")") },
    { weight: 1, arbitrary: spaced("do", of("$x$ begin perform 1; end $x$", "'begin null; end'", "$$begin end;$$")) },
    {
      weight: 2,
      arbitrary: spaced(
        routine,
        name,
        "(",
        ") returns text begin",
        "atomic",
        change,
        ";",
        conditional,
        ";",
        "select",
        value,
        ";",
        "END"
      )
    },
    {
      weight: 1,
      arbitrary: spaced("create or replace procedure", "p()", "language sql Begin", "ATOMIC", change, "; end")
    },
    { weight: 1, arbitrary: spaced(routine, name, "() returns text language sql as", "$f$ select 'a;' $f$") },
    { weight: 1, arbitrary: spaced("call", "p", "()") },
    { weight: 1, arbitrary: spaced("comment", "on", "table", "t", "is", value) }
  )
}

const words = [
  "1e",
  "1.",
  "$1",
  "@",
  "+-",
  "end",
  "case",
  "tre",
  "x'",
  "create",
  "function",
  "((",
  ")",
  "(",
  ".",
  "::",
  "1$$"
]
const broken = (...marks: ReadonlyArray<string>) =>
  fc
    .tuple(
      of("select", "create function g() returns int", "insert into t values ("),
      fc.array(of(...marks), { maxLength: 5 })
    )
    .map(([head, tokens]) => `${head} ${tokens.join(" ")} `)

const file = (statement: fc.Arbitrary<string>) =>
  fc
    .array(
      fc.tuple(
        statement,
        fc.oneof({ weight: 12, arbitrary: of(";") }, { weight: 1, arbitrary: of(";;", "", "; ;") }),
        gap
      ),
      {
        minLength: 1,
        maxLength: 10
      }
    )
    .map((parts) => parts.flat().join(""))

const named = of(...names)
const quiet = names.filter((name) => name !== "begin" && !name.includes("\\"))
const tokens = words.filter((word) => !/['$]/.test(word))

/** Files of mostly good statements, of broken ones, and of marks that open what may never close. */
export const sqlTexts: fc.Arbitrary<SqlText> = fc.oneof(
  {
    weight: 4,
    arbitrary: file(statements(fc.oneof(plain, escaped), of(...names.filter((name) => name !== "begin")))).map(
      (text) => ({
        text,
        forPsql: true
      })
    )
  },
  {
    weight: 2,
    arbitrary: file(statements(fc.oneof(plain, escaped, onServer), named)).map((text) => ({ text, forPsql: false }))
  },
  {
    weight: 2,
    arbitrary: file(
      fc.oneof({ weight: 5, arbitrary: statements(plain, of(...quiet)) }, { weight: 1, arbitrary: broken(...tokens) })
    ).map((text) => ({ text, forPsql: true }))
  },
  {
    weight: 2,
    // No backslash here: outside of a quotation it is a command to psql.
    arbitrary: file(
      fc.oneof(
        { weight: 6, arbitrary: statements(plain, of(...quiet)) },
        { weight: 1, arbitrary: broken(...words, "'", '"', "$$", "$a$", "/*", "*/", "--", "e'", "''") }
      )
    ).map((text) => ({ text, forPsql: true }))
  }
)
