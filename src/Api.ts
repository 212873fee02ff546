import { Context } from "effect"
import { HttpApi, OpenApi } from "effect/http-api"
import { AccountApi } from "./account/AccountApi.ts"
import { SessionsApi, SignInApi } from "./auth/AuthApi.ts"
import { CharactersApi } from "./characters/CharactersApi.ts"
import { GameVersionsApi } from "./game/GameVersionsApi.ts"
import { GuildsApi, InvitesApi } from "./guilds/GuildsApi.ts"
import { KeysApi } from "./guilds/KeysApi.ts"
import { HealthApi } from "./health/HealthApi.ts"
import { completed } from "./http/Document.ts"
import { keywordsKey } from "./http/Documented.ts"
import { Envelope } from "./http/Envelope.ts"
import { Allowance } from "./limits/Allowance.ts"
import { GuildRefreshesApi } from "./refreshes/guild/GuildRefreshesApi.ts"
import { PlansApi, SharedPlansApi } from "./plans/PlansApi.ts"
import { CompositionsApi } from "./composer/CompositionsApi.ts"
import { RefreshesApi } from "./refreshes/RefreshesApi.ts"
import { CoverageApi, RulesetsApi } from "./rulesets/RulesetsApi.ts"
import { OwnCharactersApi } from "./roster/OwnCharactersApi.ts"
import { RosterApi } from "./roster/RosterApi.ts"

const description = `Guilds, rosters and characters of World of Warcraft raiders.

**Sign-in** is by cookie: send the browser to what \`GET /api/v1/auth/discord/url\` answers, and post what comes back to
\`/api/v1/auth/discord/callback\`. Whatever changes something also needs the header \`X-CSRF-Token\`.

**Keys** let programs act for a guild: its admins make them, and \`Authorization: Bearer\` carries one, without a cookie or a
CSRF token. They open the operations that name a scope.

**Failures** of every kind are one envelope with a stable \`code\`, a sentence for people and the request's id. Beyond what
an operation lists, any address may answer 400 to a request that is not HTTP as it should be, 404 \`route.not_found\`, 405
\`route.method_not_allowed\` with \`Allow\`, and 413 to headers over 16 KiB. Bodies are JSON of at most 64 KiB; fields that
are not described are ignored. \`GET\` answers to \`HEAD\` too.

**Limits** are counted a minute, by session or key, or by address without one. A 429 or 503 says in \`Retry-After\` when to come back.

Times are RFC 3339 in UTC, ids are UUIDs in lower case, and every field of an answer is there, \`null\` where it is unknown.`

/** The whole contract. It imports nothing from the server, so a client can import it. */
export class Api extends HttpApi.make("raid-composition")
  .add(HealthApi)
  .add(SignInApi)
  .add(SessionsApi)
  .add(GuildsApi)
  .add(InvitesApi)
  .add(KeysApi)
  .add(CharactersApi)
  .add(RefreshesApi)
  .add(GameVersionsApi)
  .add(RosterApi)
  .add(OwnCharactersApi)
  .add(GuildRefreshesApi)
  .add(RulesetsApi)
  .add(CoverageApi)
  .add(PlansApi)
  .add(SharedPlansApi)
  .add(CompositionsApi)
  .add(AccountApi)
  .middleware(Envelope)
  .prefix("/api/v1")
  .annotateMerge(
    OpenApi.annotations({
      title: "Raid composition",
      version: "1",
      summary: "The backend of a raid planner for World of Warcraft guilds.",
      description,
      servers: [
        {
          url: "{origin}",
          description: "An installation: scheme, host and port. The default is the demo's.",
          variables: { origin: { default: "http://localhost:8000" } }
        }
      ]
    })
  ) {}

/** The contract as an OpenAPI document. */
export const openApiDocument = () =>
  completed(OpenApi.fromApi(Api, { includeAnnotationKey: (key) => key === keywordsKey }), Api.groups, {
    // As in package.json: no rights are granted, until somebody decides otherwise.
    info: {
      license: { name: "UNLICENSED", identifier: "LicenseRef-UNLICENSED" },
      contact: { name: "Whoever runs this installation" }
    },
    isCounted: (annotations) => Context.get(annotations, Allowance) !== "none"
  })
