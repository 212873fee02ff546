import { assert, describe, it } from "@effect/vitest"
import { splitStatements, UnterminatedSql } from "../../src/infra/SqlStatements.ts"

const texts = (sql: string) => splitStatements(sql).map(({ text }) => text)

describe("splitStatements keeps whole", () => {
  const whole: Record<string, string> = {
    "a string": "select 'a;b'",
    "a string with doubled quotes": "select 'it''s; fine'",
    "a string that ends in a backslash": "select 'C:\\', 1",
    "an escape string with an escaped quote": "select E'it\\'s; fine'",
    "an escape string with an escaped backslash at its end": "select e'back\\\\', 1",
    "an escape string that continues on the next line": "select E'a'\n  'b\\';c'",
    "a prefixed string": "select U&'d\\0061t;a', B'01', N'x;y'",
    "a quoted name": 'select 1 as "a;""b\'"',
    "a dollar quote": "select $$ a; 'b $$",
    "a tagged dollar quote with another inside": "select $a$ $$;$$ $b$;$b$ $a$",
    "a tag with accents": "select $étage$;$étage$",
    "a function body": "create function f() returns int language plpgsql as $$ begin perform 1; return 2; end; $$",
    "a line comment in a statement": "select 1 -- not; 'here\n + 1",
    "a comment in a statement": "select /* not; ' here */ 1",
    "nested comments": "select /* a /* b; */ c; */ 1"
  }
  it.for(Object.entries(whole))("%s", ([, sql]) => {
    assert.deepStrictEqual(texts(`${sql};\n${sql} ;`), [sql, sql])
    assert.deepStrictEqual(texts(sql), [sql])
  })
})

describe("splitStatements does not mistake for a quote", () => {
  it.for([
    ["a dollar in a name", "select a$b$ from t; select c$b$ from t", 2],
    ["an e at the end of a name", "select 1 as tre'a\\'; select 2", 2],
    ["numbered parameters", "prepare p as select $1; execute p(1)", 2]
  ] as const)("%s", ([, sql, count]) => assert.strictEqual(splitStatements(sql).length, count))
})

it("drops empty statements and comments around them, and counts lines", () => {
  const sql = "-- first; comment\n/* second;\n */ ;;\n\nselect 1;  -- third\n\r\n  select\n 2 ; \n-- last"
  assert.deepStrictEqual(splitStatements(sql), [
    { text: "select 1", line: 5 },
    { text: "select\n 2", line: 7 }
  ])
  assert.deepStrictEqual(splitStatements(" \n-- nothing; here"), [])
})

it("splits a megabyte of text in a string and in statements", () => {
  const long = `select E'${"a\\'".repeat(400_000)}'`
  assert.deepStrictEqual(texts(`${long}; select 1`), [long, "select 1"])
  assert.strictEqual(splitStatements("select 1;\n".repeat(2000)).at(-1)?.line, 2000)
})

describe("splitStatements names the line of what is never closed:", () => {
  it.for([
    ["string", "select 1;\nselect 'a;"],
    ["string", "select 1;\nselect E'a\\';"],
    ["quoted name", 'select 1;\nselect "a;'],
    ["dollar-quoted string", "select 1;\nselect $a$ $$ $b$;"],
    ["comment", "select 1;\n/* a /* b */ ;"]
  ] as const)("%s in %j", ([what, sql]) => {
    assert.throws(() => splitStatements(sql), UnterminatedSql, `the ${what} that begins on line 2 does not end`)
  })
})
