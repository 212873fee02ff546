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
    "nested comments": "select /* a /* b; */ c; */ 1",
    "stars and slashes of nested comments": "select /*/ ; /*/**/ ; **/ ; */ 1",
    "an escape string that continues behind comments": "select E'a' -- ;'\r--;\n\f\v'b\\';c'",
    "an escape string that ends in a doubled quote": "select E'\\''''';'",
    "a name with Unicode escapes": "select 1 as U&\"d\\0061;t\" uescape '!'",
    "a comment that ends in a carriage return": "select 1 --;\r+ 1",
    "a comment behind an operator": "select 2 */* ; */ 3, 4 @-- ; '\n- 5, 6 <--;\r7",
    "a dollar quote behind a number": "select 1$$;$$, 1.$a$;$a$, $1$$;$$",
    "the statements of a rule": "create rule r as on insert to t do also (insert into u values (1); select (2);)",
    "a body of a function": "create function f() returns int begin atomic select 1; return 2; end",
    "a body with cases":
      "create or REPLACE procedure p(begin int) language sql BEGIN /* ; */ ATOMIC select case when a then case b when 1 then 2 end end; select (case 1 when 2 then 3 end), t.end as case, 1 as end; END",
    "a body with semicolons in parentheses": "create function f() returns int begin atomic select (1;2); select 1; end"
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
    ["numbered parameters", "prepare p as select $1; execute p(1)", 2],
    ["a tag that begins with a digit", "select $1a$;$1a$", 2],
    ["an e at the end of a number", "select 1e'a\\', 1.e'b\\', 0xe'c\\'; select 2", 2],
    ["a name that ends in U+00A0", "select 1 as a\u00a0e'b\\'; select $\u00a0$;$\u00a0$", 2],
    ["a string on the same line", "select E'a' 'b\\'; select 2", 2],
    ["a backslash behind a plain string", "select 'a'\n'b\\'; select 2", 2],
    ["words before a carriage return", "-- first\rselect 1;\r-- second\rselect 2", 2],
    ["a parenthesis that was never opened", "select 1); select 2", 2],
    ["parentheses in quotations", "select '(', \"(\", $$($$ /* ( */ -- (\n; select 2", 2],
    ["a function that is called begin", "create function begin() returns int return 1; select 2", 2],
    ["a function with an old body", "create function f() returns int as 'begin atomic' language sql; select 2", 2],
    ["a body of something else", "create table function (begin int); begin atomic; select case; end", 4],
    ["quoted words", 'create "function" f begin atomic; select 2', 2],
    ["what follows a body", "create procedure p() begin atomic select 1; end; select 2;create table t (n int)", 3]
  ] as const)("%s", ([, sql, count]) => assert.strictEqual(splitStatements(sql).length, count))
})

it("drops empty statements and comments around them, and counts lines", () => {
  const sql = "-- first; comment\n/* second;\n */ ;;\n\nselect 1;  -- third\n\r\n  select\n 2 ; \n-- last"
  assert.deepStrictEqual(splitStatements(sql), [
    { text: "select 1", line: 5 },
    { text: "select\n 2", line: 7 }
  ])
  assert.deepStrictEqual(splitStatements(" \n-- nothing; here"), [])
  assert.deepStrictEqual(splitStatements("-- a\rselect 1 /* b */ -- c\r\n\f\v;\rselect 2\u00a0"), [
    { text: "select 1", line: 2 },
    { text: "select 2\u00a0", line: 4 }
  ])
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
    ["string", "select 1;\rselect E'a'\n'b\\'"],
    ["string", "select 1;\r\nselect 'a''"],
    ["quoted name", 'select 1;\nselect U&"a"";'],
    ["comment", "select 1;\n/* a /* b */ ;"]
  ] as const)("%s in %j", ([what, sql]) => {
    assert.throws(() => splitStatements(sql), UnterminatedSql, `the ${what} that begins on line 2 does not end`)
  })
})
