import { assert, layer } from "@effect/vitest"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Effect } from "effect"
import { openApiDocument } from "../../src/Api.ts"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { finishedComposition } from "../composer/composing.ts"
import { bodySchemaOf, closed, inDocument, type JsonSchema, type Operation, operationsOf } from "../fuzz/Document.ts"
import type { OpenApiDocument } from "../fuzz/Document.ts"
import { openBrowser } from "../support/Browser.ts"
import { noteSecret } from "../support/canaries.ts"
import { eventually } from "../support/eventually.ts"
import { foundGuild, somebody } from "../support/people.ts"
import { characterOf } from "../support/seeded.ts"
import { live, TestApp } from "../support/TestApp.ts"

/* Sends what the document shows, and what it rules out, to the service. */

const document = openApiDocument() as OpenApiDocument
const operations = operationsOf(document).map(
  (operation) => [`${operation.method} ${operation.path}`, operation] as const
)
const ajv = new Ajv2020({ strict: false, validateFormats: false })
ajv.addSchema(closed(document), "api")

/** An admin with a guild of two, another session and another guild's invite; a raider with a character. */
const newWorld = Effect.fnUntraced(function* (isRaider: boolean) {
  const { admin, guild, join } = yield* foundGuild()
  const member = yield* somebody()
  yield* join(member, "raider")
  const { invite } = yield* foundGuild()
  const elsewhere = yield* admin.client.sessions.current()
  const raider = yield* openBrowser()
  yield* raider.signIn(personas.raider.id)
  const { sessions } = yield* raider.client.sessions.list()
  const name = Array.from({ length: 9 }, () => String.fromCodePoint(97 + Math.floor(Math.random() * 26))).join("")
  const json = { name, region: "eu", server: "Spineshatter", class: "Mage", race: "Undead", spec: "Frost" }
  const own = (yield* admin.send("POST", "/api/v1/characters", { json })).body.character
  const { players } = (yield* admin.send("GET", `/api/v1/guilds/${guild.id}/roster`)).body.roster
  const player = players.find((one: { readonly user_id: string | null }) => one.user_id === admin.id)
  const refreshes = `/api/v1/guilds/${guild.id}/refreshes`
  const begun = yield* eventually(admin.send("POST", refreshes, { json: {} }), ({ status }) => status === 202)
  const plans = { json: { title: "Plan", raids: [{ title: "Raid", size: 10 }] } }
  const { plan } = (yield* admin.send("POST", `/api/v1/guilds/${guild.id}/plans`, plans)).body
  const { share } = (yield* admin.send("POST", `/api/v1/plans/${plan.id}/shares`)).body
  const keys = { json: { name: "Bot", scopes: ["plans:read"] } }
  const { key } = (yield* admin.send("POST", `/api/v1/guilds/${guild.id}/keys`, keys)).body
  noteSecret(key.token)
  const params: Readonly<Record<string, string>> = {
    key_id: key.id,
    plan_id: plan.id,
    composition_id: yield* finishedComposition(plan),
    share_id: share.id,
    token: share.token,
    revision: "1",
    guild_id: guild.id,
    refresh_id: begun.body.refresh.id,
    player_id: player.id,
    entry_id: player.characters[0].entry_id,
    game_version: "classicann",
    ruleset: "tbc-anniversary@1",
    user_id: member.id,
    session_id: sessions.find(({ is_current }) => !is_current)?.id ?? elsewhere.session.id,
    invite_code: yield* invite,
    character_id: isRaider ? (yield* characterOf(raider, { wcl: "ranked", bnet: "ok" })).id : own.id
  }
  return { browser: isRaider ? raider : admin, member, params }
})

const pathOf = ({ path }: Operation, params: Readonly<Record<string, string>>) =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    assert.property(params, name, "let newWorld make one")
    return params[name]!
  })

const queryOf = ({ parameters }: Operation) => {
  const shown = parameters.filter((parameter) => parameter.in === "query" && parameter.example !== undefined)
  return shown.length === 0 ? "" : `?${shown.map(({ name, example }) => `${name}=${String(example)}`).join("&")}`
}

const successOf = ({ responses }: Operation) => Object.entries(responses).find(([status]) => status < "300")!

const exampleOf = ({ requestBody }: Operation) => requestBody?.content?.["application/json"]?.example

/** Those for which a character or a second session of the same person is needed. */
const isRaiders = ({ path, operationId }: Operation) =>
  /\{(character|session)_id\}/.test(path) && !operationId.startsWith("ownCharacters")

/** A value that the schema rules out, if it rules out any of its type. */
const outside = ({ anyOf, ...schema }: JsonSchema): ReadonlyArray<unknown> => [
  ...(anyOf ?? []).flatMap(outside),
  ...(schema.enum === undefined ? [] : ["something else"]),
  ...(schema.maximum === undefined ? [] : [schema.maximum + 1]),
  ...(schema.minimum === undefined ? [] : [schema.minimum - 1]),
  ...(schema.maxLength === undefined ? [] : ["x".repeat(schema.maxLength + 1)]),
  ...(schema.minLength === 1 ? [""] : [])
]

const fieldsOf = (schema: JsonSchema | undefined): ReadonlyArray<readonly [string, JsonSchema]> =>
  schema === undefined ? [] : [...Object.entries(schema.properties ?? {}), ...(schema.anyOf ?? []).flatMap(fieldsOf)]

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("the OpenAPI document and the service", (it) => {
  it.effect.each(operations)("%s does with its example what the document says", ([, operation]) =>
    Effect.gen(function* () {
      const { method } = operation
      const { browser: usual, member, params } = yield* newWorld(isRaiders(operation))
      const isCallback = operation.operationId === "signIn.callback"
      const isEnd = operation.operationId === "account.remove"
      // A last admin must stay.
      const browser = isEnd ? member : usual
      const username = (yield* browser.client.sessions.current()).user.discord.username
      const body = isCallback
        ? yield* browser.authorize(personas.officer.id)
        : isEnd
          ? { confirm: username }
          : operation.operationId === "compositions.whyNot"
            ? { ...(exampleOf(operation) as object), entry_id: params.entry_id }
            : exampleOf(operation)
      const revised = operation.parameters.some(({ name, required }) => name === "If-Match" && required)
      const known = revised ? { "if-match": "*" } : {}
      const sent = { headers: known, ...(body === undefined ? {} : { json: body }) }
      if (isCallback) assert.hasAllKeys(exampleOf(operation), Object.keys(body as object))
      const path = pathOf(operation, params) + queryOf(operation)

      if (operation.security.length > 0) {
        const stranger = yield* openBrowser()
        assert.strictEqual((yield* stranger.send(method as never, path, sent)).status, 401)
      }
      if (operation.security.some((needed) => "csrf" in needed)) {
        const headers = { ...known, "x-csrf-token": "" }
        assert.strictEqual((yield* browser.send(method as never, path, { ...sent, headers })).status, 403)
      }

      const answer = yield* browser.send(method as never, path, sent)
      const [status, { headers = {}, content }] = successOf(operation)
      assert.strictEqual(answer.status, Number(status), JSON.stringify(answer.body))
      const given = answer.setCookie === "" ? answer.headers : { ...answer.headers, "set-cookie": answer.setCookie }
      assert.containsAllKeys(
        given,
        Object.keys(headers)
          .filter((name) => headers[name]!.required !== false)
          .map((name) => name.toLowerCase())
      )
      const declared = content?.["application/json"] ?? content?.["text/event-stream"]
      if (declared === undefined) {
        const types = Object.keys(content ?? {})
        if (types.length === 0) return assert.strictEqual(answer.body, "")
        return assert.include(types, answer.headers["content-type"]!.split(";", 1)[0])
      }
      const isAsDeclared = ajv.compile(inDocument(declared.schema))
      assert.isTrue(isAsDeclared(answer.body), ajv.errorsText(isAsDeclared.errors))
      assert.isTrue(isAsDeclared(declared.example), ajv.errorsText(isAsDeclared.errors))
    })
  )

  it.effect.each(operations.filter(([, operation]) => bodySchemaOf(operation) !== undefined))(
    "%s refuses what the document rules out in its body",
    ([, operation]) =>
      Effect.gen(function* () {
        const { browser, params } = yield* newWorld(false)
        const example = exampleOf(operation) as object
        for (const [name, schema] of fieldsOf(bodySchemaOf(operation))) {
          for (const value of outside(schema)) {
            const json = { ...example, [name]: value }
            const { status } = yield* browser.send(operation.method as never, pathOf(operation, params), { json })
            assert.strictEqual(status, 400, JSON.stringify(json).slice(0, 200))
          }
        }
      })
  )

  it.effect.each(operations.filter(([, { parameters }]) => parameters.some((one) => one.in !== "header")))(
    "%s refuses what the document rules out in its address",
    ([, operation]) =>
      Effect.gen(function* () {
        const { browser, params } = yield* newWorld(false)
        for (const { name, in: place, schema } of operation.parameters) {
          const isId = schema.$ref !== undefined
          for (const value of [...outside(schema), ...(isId ? ["1"] : [])].map(String)) {
            if (place === "header" || (place === "path" && value === "")) continue
            const path =
              place === "path"
                ? pathOf(operation, { ...params, character_id: "1", [name]: value })
                : `${pathOf(operation, params)}?${name}=${value}`
            const { status, body } = yield* browser.send(operation.method as never, path)
            assert.deepStrictEqual([status, body.error.code], [400, "validation.invalid_request"], path)
          }
        }
      })
  )
})
