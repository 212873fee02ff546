import { assert, describe, it } from "vitest"
import { Api, openApiDocument } from "../../src/Api.ts"
import { type JsonSchema, operationsOf, type OpenApiDocument } from "../fuzz/Document.ts"

const document = openApiDocument() as OpenApiDocument & {
  readonly tags: ReadonlyArray<{ readonly name: string; readonly description?: string }>
  readonly components: {
    readonly responses: Readonly<Record<string, object>>
    readonly securitySchemes: Readonly<Record<string, object>>
  }
}
const operations = operationsOf(document)

const isSentence = (text: string | undefined) => /^[A-Z`].*[.?]$/s.test(text ?? "")

/** The fields below a schema that have neither a description nor a named schema. */
const undescribed = (schema: JsonSchema, place: string): ReadonlyArray<string> => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const where = `${place}.${name}`
    const named = [field, field.items ?? {}].some(({ $ref }) => $ref !== undefined)
    const isClear = isSentence(field.description) || named || field.enum !== undefined
    return [...(isClear || field.properties !== undefined ? [] : [where]), ...undescribed(field, where)]
  }),
  ...(schema.items === undefined ? [] : undescribed(schema.items, `${place}[]`)),
  ...(schema.anyOf ?? []).flatMap((choice) => undescribed(choice, place))
]

describe("the OpenAPI document", () => {
  it("has every endpoint of the contract", () => {
    const declared = Object.values(Api.groups).flatMap((group) => Object.values(group.endpoints))
    assert.lengthOf(operations, declared.length)
  })

  it.each(operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
    "%s has words, examples and every code of its failures",
    (_, { summary, description, tags, parameters, requestBody, responses, method }) => {
      assert.match(summary ?? "", /^[A-Z].{3,40}[^.]$/, "declare it with documented(summary, description)")
      assert.isTrue(isSentence(description), "its description is a sentence")
      const tag = document.tags.find(({ name }) => name === tags?.[0])
      assert.isTrue(isSentence(tag?.description), "its group has a title and a description")
      for (const { name, description, example, in: place } of parameters) {
        assert.isTrue(isSentence(description), `declare ${name} with field(schema, description, example)`)
        if (place === "path") assert.isDefined(example, name)
      }
      const bodies = [requestBody, ...Object.values(responses)].flatMap((one) => Object.values(one?.content ?? {}))
      for (const { schema, example, examples } of bodies) {
        assert.isDefined(example ?? examples, "a body has an example: give each of its fields one")
        assert.deepEqual(undescribed(schema, "body"), [], "declare them with field(schema, description, example)")
      }
      const isUnsafe = method !== "GET"
      assert.containsAllKeys(responses, isUnsafe ? ["400", "403", "413", "415", "500"] : ["400", "500"])
    }
  )

  it("describes every field of its schemas", () => {
    const { schemas } = document.components
    const missing = Object.entries(schemas).flatMap(([name, schema]) => undescribed(schema, name))
    assert.deepEqual(
      missing.filter((place) => !place.startsWith("ErrorEnvelope")),
      []
    )
  })

  it("names the envelope by reference only, and every code once", () => {
    const text = JSON.stringify({ ...document, components: { ...document.components, schemas: {} } })
    assert.notInclude(text, '"request_id":{')
    assert.include(text, "#/components/schemas/ErrorEnvelope")
    const codes = document.components.schemas.ErrorCode!.enum!
    assert.strictEqual(new Set(codes).size, codes.length)
    assert.includeMembers([...codes], ["route.not_found", "guild.last_admin", "auth.csrf_invalid", "internal.error"])
  })

  it("says little for each operation, the schemas aside: what all of them share is said once", () => {
    const text = JSON.stringify({ ...document, components: { ...document.components, schemas: {} } })
    assert.isBelow(text.length, 3200 * operations.length)
  })
})
