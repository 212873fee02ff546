import * as fc from "fast-check"
import type { JsonSchema, OpenApiDocument } from "./Document.ts"

/** Stand for entries of a roster, whose ids are known when the request is sent. */
export const entryIds = ["00000000-0000-4000-8000-0000000000e0", "00000000-0000-4000-8000-0000000000e1"]

/** Values with a meaning to the service's rules; in the document most of them are just strings. */
const meaningful: Readonly<Record<string, ReadonlyArray<string>>> = {
  name: ["Kravá", "Kravà", "Aldra", "Zu", "Чернолап", "아즈샤라", "Night Watch", "A\u0301b"],
  server: ["Spineshatter", "spineshatter", "Nek'Rosh", "Змейталак", "Spinesmasher"],
  class: ["Mage", "druid", "Death Knight", "Bard"],
  race: ["Troll", "blood elf", "Elf"],
  spec: ["Frost", "feral", "Balance", "BeastMastery", "Beast Mastery"],
  rank: ["main", "alt", "Main"],
  status: ["active", "trial", "bench", "inactive"],
  discord_user_id: ["930000000000000001", "930000000000000002", "1"],
  userId: ["930000000000000001", "930000000000000003"],
  source: ["battlenet", "warcraftlogs"],
  starts_at: ["2026-12-02T19:30:00Z", "2026-12-02T20:30:00.5+01:00", "1999-12-31T23:59:59Z", "2026-02-30T00:00:00Z"],
  ruleset: ["tbc-anniversary@1", "classic-era@1"],
  entry_id: entryIds,
  a: entryIds,
  b: entryIds
}

/** Never contains U+FFFD, so that one in the database can only come from a careless decoder. */
const honest = (text: string) => text.replaceAll("\uFFFD", "?")

const awkward = [
  "\u0000",
  "\uD800",
  "a\uDC00b",
  "\u202E",
  "\u200B",
  "\uFEFF",
  "'; drop table users; --",
  "${1}",
  "__proto__"
]

const text = (schema: JsonSchema) =>
  fc
    .string({ unit: "binary", minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? 70, 300) })
    .map(honest)

const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).map(honest)

/** Now and then in upper case, which only some rules accept. */
const inAnyCase = (values: ReadonlyArray<unknown>) =>
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...values) }, fc.constantFrom(...values.map(shout)))
const shout = (value: unknown) => (typeof value === "string" ? value.toUpperCase() : value)

/** Values that a schema of the document allows. */
const valid = (schema: JsonSchema, document: OpenApiDocument, name = ""): fc.Arbitrary<unknown> => {
  if (schema.$ref !== undefined)
    return valid(document.components.schemas[schema.$ref.split("/").at(-1)!]!, document, name)
  if (schema.enum !== undefined) return inAnyCase(schema.enum)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => valid(choice, document, name)))
  switch (schema.type) {
    case "object": {
      const fields = Object.entries(schema.properties ?? {}).map(([key, child]) => [key, valid(child, document, key)])
      return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, {
        requiredKeys: [...(schema.required ?? [])]
      })
    }
    case "array":
      return fc.array(valid(schema.items ?? {}, document), { maxLength: 5 })
    case "integer":
      return fc.integer({ min: schema.minimum ?? -1000, max: schema.maximum ?? 1_000_000 })
    case "number":
      return fc.double({ noNaN: true, noDefaultInfinity: true })
    case "boolean":
      return fc.boolean()
    case "null":
      return fc.constant(null)
    case "string": {
      const words = meaningful[name]
      const usual = words === undefined ? word : fc.constantFrom(...words)
      return fc.oneof({ weight: 9, arbitrary: usual }, text(schema))
    }
    default:
      return fc.jsonValue()
  }
}

const junk = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0, 1.5, 2 ** 53, 1e308, "", [], {}, "x".repeat(5000), ...awkward),
  fc.jsonValue({ maxDepth: 3 })
)

/** A valid value with one field changed, removed or added. */
const nearlyValid = (value: fc.Arbitrary<unknown>) =>
  fc
    .tuple(
      value,
      junk,
      fc.nat(),
      fc.constantFrom("change", "drop", "add", "replace"),
      fc.constantFrom("id", "role", ...awkward)
    )
    .map(([whole, other, pick, how, key]) => {
      if (typeof whole !== "object" || whole === null || how === "replace") return other
      const entries = Object.entries(whole)
      const index = pick % Math.max(1, entries.length)
      if (how === "add") return Object.fromEntries([...entries, [key, other]])
      return Object.fromEntries(
        entries.flatMap((entry, at) => (at !== index ? [entry] : how === "drop" ? [] : [[entry[0], other]]))
      )
    })

/** Texts that parsers disagree about. */
const odd = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "nul",
    "{",
    "{}x",
    "\uFEFF{}",
    '{"name":"a","name":"b"}',
    '{"role":"raider","\\u0072ole":"admin"}',
    '{"max_uses":1e400}',
    '{"max_uses":-0}',
    '{"max_uses":123456789012345678901234567890}',
    '{"name":"\\ud800","realm":"\\u0000"}',
    '{"__proto__":{"role":"admin"}}',
    "[1,]",
    "'a'",
    "NaN",
    "// {}\n{}",
    "[".repeat(10_000),
    `${"[".repeat(5000)}${"]".repeat(5000)}`,
    `${'{"a":'.repeat(2000)}1${"}".repeat(2000)}`,
    `{"name":"${"x".repeat(65_600)}"}`
  ),
  fc
    .array(fc.string(), { maxLength: 3000, minLength: 1000 })
    .map((keys) => JSON.stringify(Object.fromEntries(keys.map((key) => [key, 1]))))
)

const brokenUtf8 = fc
  .constantFrom([0xff], [0xc0, 0xaf], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0x00])
  .map((bytes) => Buffer.concat([Buffer.from('{"name":"a'), Buffer.from(bytes), Buffer.from('"}')]))

const bytesOf = (value: unknown) => Buffer.from(honest(JSON.stringify(value) ?? "null"))

/** Bodies for an operation: what its schema allows, what is almost that, and what is not JSON. */
export const bodies = (schema: JsonSchema | undefined, document: OpenApiDocument): fc.Arbitrary<Buffer | undefined> => {
  const good = schema === undefined ? fc.constant({}) : valid(schema, document)
  const none = fc.constant(undefined)
  return fc.oneof(
    { weight: 10, arbitrary: schema === undefined ? none : good.map(bytesOf) },
    { weight: 5, arbitrary: schema === undefined ? none : nearlyValid(good).map(bytesOf) },
    { weight: 1, arbitrary: none },
    { weight: 1, arbitrary: fc.json({ maxDepth: 4 }).map((json) => Buffer.from(honest(json))) },
    { weight: 1, arbitrary: odd.map((json) => Buffer.from(json)) },
    { weight: 1, arbitrary: brokenUtf8 },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) }
  )
}
