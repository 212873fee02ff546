import { assert, describe, it } from "vitest"
import { breaking, mayBreak, type OpenApiDocument } from "../../clients/Breaking.ts"
import { openApiDocument } from "../../src/Api.ts"

const before = openApiDocument() as OpenApiDocument
const guilds = "/api/v1/guilds"

// oxlint-disable-next-line typescript/no-explicit-any -- changes any part of a document
const changed = (change: (document: any) => void) => {
  const after = structuredClone(before)
  change(after)
  return breaking(before, after)
}

// oxlint-disable-next-line typescript/no-explicit-any -- a part of it
const bodyOf = (document: any) => document.paths[guilds].post.requestBody.content["application/json"].schema

// oxlint-disable-next-line typescript/no-explicit-any -- as above
type Change = (document: any) => void

const breaks: ReadonlyArray<readonly [string, Change]> = [
  [`POST ${guilds} is gone`, (all) => delete all.paths[guilds].post],
  [`POST ${guilds} body.motto is now needed`, (all) => bodyOf(all).required.push("motto")],
  [`POST ${guilds} body.name has a narrower maxLength`, (all) => (bodyOf(all).properties.name.maxLength = 32)],
  [`POST ${guilds} body.region takes fewer values`, (all) => bodyOf(all).properties.region.enum.pop()],
  [`POST ${guilds} body.name may no longer be string`, (all) => (bodyOf(all).properties.name.type = "integer")],
  [`GET ${guilds} 200.guilds[].name is gone`, (all) => delete all.components.schemas.Guild.properties.name],
  [
    `GET ${guilds} 200.guilds[].name may now be null`,
    (all) => (all.components.schemas.Guild.properties.name = { anyOf: [{ type: "string" }, { type: "null" }] })
  ],
  [`GET ${guilds} 200.guilds[].realm may now be missing`, (all) => all.components.schemas.Guild.required.splice(2, 1)],
  [`GET ${guilds} no longer answers 200`, (all) => delete all.paths[guilds].get.responses[200]],
  [
    `GET ${guilds} now needs page`,
    (all) => all.paths[guilds].get.parameters.push({ name: "page", in: "query", required: true, schema: {} })
  ],
  ["GET /api/v1/health now needs session", (all) => (all.paths["/api/v1/health"].get.security = [{ session: [] }])],
  [`GET ${guilds} now needs key`, (all) => (all.paths[guilds].get.security = [{ key: [] }])]
]

const harmless: ReadonlyArray<readonly [string, Change]> = [
  ["another way in", (all) => (all.paths[guilds].get.security = [{ session: [] }, { key: [] }])],
  ["a new path", (all) => (all.paths["/api/v1/raids"] = all.paths[guilds])],
  ["a new field of an answer", (all) => (all.components.schemas.Guild.properties.motto = { type: "string" })],
  ["a new optional field of a body", (all) => (bodyOf(all).properties.motto = { type: "string" })],
  ["a new code", (all) => all.components.schemas.ErrorCode.enum.push("guild.full")],
  ["a wider bound", (all) => (bodyOf(all).properties.name.maxLength = 100)],
  ["other words", (all) => (all.paths[guilds].get.summary = "Guilds")]
]

describe("breaking changes", () => {
  it("are none between a document and itself", () => assert.isEmpty(breaking(before, structuredClone(before))))

  it.each(breaks)("%s", (line, change) => assert.include(changed(change), line))

  it.each(harmless)("%s is none", (_, change) => assert.isEmpty(changed(change)))

  it("need a new major version, or before 1.0 a new minor one", () => {
    assert.isTrue(mayBreak("0.1.0", "0.2.0") && mayBreak("0.9.1", "1.0.0") && mayBreak("1.4.0", "2.0.0"))
    assert.isFalse(mayBreak("0.1.0", "0.1.1") || mayBreak("1.4.0", "1.5.0") || mayBreak("1.0.0", "1.0.0"))
  })
})
