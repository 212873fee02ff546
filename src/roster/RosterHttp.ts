import { Effect, Layer } from "effect"
import { HttpServerResponse, type HttpServerRequest } from "effect/http"
import { Api } from "../Api.ts"
import { Caller, CurrentSession } from "../auth/SignedIn.ts"
import type { UserId } from "../auth/User.ts"
import type { GuildId } from "../guilds/Guild.ts"
import { groupOf } from "../http/Handlers.ts"
import { knownTags, tagged } from "../http/ETag.ts"
import { jsonAnswer } from "../http/JsonText.ts"
import { Claims } from "./Claims.ts"
import { Discovery } from "./Discovery.ts"
import { Entries } from "./Entries.ts"
import { Players } from "./Players.ts"
import { seenBy, withRevision } from "./Revision.ts"
import { printCsv } from "./RosterCsv.ts"
import { fileOf, playersOf } from "./RosterFile.ts"
import { Rosters } from "./Rosters.ts"

interface Request {
  readonly params: { readonly guild_id: GuildId }
  readonly request: HttpServerRequest.HttpServerRequest
}

const asking = ({ params, request }: Request, caller: UserId) => ({
  guild: params.guild_id,
  caller,
  seen: seenBy(request)
})
const askingOf = (request: Request) => Effect.map(Caller, ({ user }) => asking(request, user.id))
/** Of what no key may do. */
const askingInPerson = (request: Request) => Effect.map(CurrentSession, ({ user }) => asking(request, user.id))

const rosterGroup = groupOf(
  Api,
  "roster",
  Effect.fnUntraced(function* (handlers) {
    const rosters = yield* Rosters
    const players = yield* Players
    const entries = yield* Entries
    const claims = yield* Claims
    const discovery = yield* Discovery
    return handlers.handleAll({
      get: Effect.fnUntraced(function* ({ params, request }) {
        const { user } = yield* Caller
        return tagged(yield* rosters.get(params.guild_id, user.id, knownTags(request)))
      }),
      replace: Effect.fnUntraced(function* ({ params, request, query, payload }) {
        const asked = yield* askingOf({ params, request })
        const outcome = yield* rosters.replace(asked, payload.players, query.dry_run === "true")
        return withRevision(outcome.revision, outcome)
      }),
      import: Effect.fnUntraced(function* ({ params, request, query, payload }) {
        const asked = yield* askingOf({ params, request })
        const options = { dryRun: query.dry_run === "true", replace: query.replace === "true" }
        const outcome =
          typeof payload === "string"
            ? yield* rosters.importCsv(asked, payload, options)
            : yield* rosters.write(asked, playersOf(payload), options)
        return withRevision(outcome.revision, outcome)
      }),
      export: Effect.fnUntraced(function* ({ params, query }) {
        const { user } = yield* Caller
        const roster = yield* rosters.exported(params.guild_id, user.id)
        const format = query.format ?? "json"
        const answer =
          format === "csv"
            ? HttpServerResponse.text(printCsv(roster), { contentType: "text/csv; charset=utf-8" })
            : HttpServerResponse.jsonUnsafe(fileOf(roster))
        return HttpServerResponse.setHeaders(answer, {
          etag: `"${roster.revision}"`,
          "content-disposition": `attachment; filename="roster.${format}"`
        })
      }),
      discover: Effect.fnUntraced(function* ({ params, request, payload }) {
        const outcome = yield* discovery.discover(yield* askingOf({ params, request }), payload)
        return withRevision(outcome.revision, outcome)
      }),
      history: Effect.fnUntraced(function* ({ params, query }) {
        const { user } = yield* Caller
        return jsonAnswer(yield* rosters.history(params.guild_id, user.id, query))
      }),
      addPlayer: Effect.fnUntraced(function* ({ params, request, payload }) {
        const { revision, answer } = yield* players.add(yield* askingOf({ params, request }), payload)
        return withRevision(revision, { player: answer }, 201)
      }),
      updatePlayer: Effect.fnUntraced(function* ({ params, request, payload }) {
        const asked = yield* askingOf({ params, request })
        const { revision, answer } = yield* players.update(asked, params.player_id, payload)
        return withRevision(revision, { player: answer })
      }),
      removePlayer: Effect.fnUntraced(function* ({ params, request }) {
        const { revision } = yield* players.remove(yield* askingOf({ params, request }), params.player_id)
        return withRevision(revision)
      }),
      link: Effect.fnUntraced(function* ({ params, request, payload }) {
        const asked = yield* askingInPerson({ params, request })
        const { revision, answer } = yield* players.link(asked, params.player_id, payload.user_id)
        return withRevision(revision, { player: answer })
      }),
      addCharacter: Effect.fnUntraced(function* ({ params, request, payload }) {
        const asked = yield* askingOf({ params, request })
        const { revision, answer } = yield* entries.add(asked, params.player_id, payload)
        return withRevision(revision, { character: answer }, 201)
      }),
      updateCharacter: Effect.fnUntraced(function* ({ params, request, payload }) {
        const asked = yield* askingOf({ params, request })
        const { revision, answer } = yield* entries.update(asked, params.player_id, params.entry_id, payload)
        return withRevision(revision, { character: answer })
      }),
      removeCharacter: Effect.fnUntraced(function* ({ params, request }) {
        const asked = yield* askingOf({ params, request })
        const { revision } = yield* entries.remove(asked, params.player_id, params.entry_id)
        return withRevision(revision)
      }),
      releaseCharacter: Effect.fnUntraced(function* ({ params, request }) {
        yield* claims.release(yield* askingInPerson({ params, request }), params.player_id, params.entry_id)
      })
    })
  })
)

const ownCharactersGroup = groupOf(
  Api,
  "ownCharacters",
  Effect.fnUntraced(function* (handlers) {
    const claims = yield* Claims
    return handlers.handleAll({
      create: Effect.fnUntraced(function* ({ payload }) {
        const { user } = yield* CurrentSession
        return { character: yield* claims.create(user.id, payload) }
      }),
      update: Effect.fnUntraced(function* ({ params, payload }) {
        const { user } = yield* CurrentSession
        return { character: yield* claims.update(user.id, params.character_id, payload) }
      }),
      remove: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        yield* claims.remove(user.id, params.character_id)
      })
    })
  })
)

/** Rosters, and the characters that people claim. */
export const rosterLayer = Layer.merge(rosterGroup, ownCharactersGroup).pipe(
  Layer.provide([Rosters.layer, Players.layer, Entries.layer, Claims.layer, Discovery.layer])
)
