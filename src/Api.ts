import { HttpApi, OpenApi } from "effect/http-api"
import { SessionsApi, SignInApi } from "./auth/AuthApi.ts"
import { CharactersApi } from "./characters/CharactersApi.ts"
import { GameVersionsApi } from "./game/GameVersionsApi.ts"
import { GuildsApi, InvitesApi } from "./guilds/GuildsApi.ts"
import { HealthApi } from "./health/HealthApi.ts"
import { Envelope } from "./http/Envelope.ts"
import { RefreshesApi } from "./refreshes/RefreshesApi.ts"
import { OwnCharactersApi } from "./roster/OwnCharactersApi.ts"
import { RosterApi } from "./roster/RosterApi.ts"

/** The whole contract. It imports nothing from the server, so a client can import it. */
export class Api extends HttpApi.make("raid-composition")
  .add(HealthApi)
  .add(SignInApi)
  .add(SessionsApi)
  .add(GuildsApi)
  .add(InvitesApi)
  .add(CharactersApi)
  .add(RefreshesApi)
  .add(GameVersionsApi)
  .add(RosterApi)
  .add(OwnCharactersApi)
  .middleware(Envelope)
  .prefix("/api/v1")
  .annotateMerge(
    OpenApi.annotations({
      title: "Raid composition",
      version: "1",
      description: "Guilds, rosters and characters of World of Warcraft raiders."
    })
  ) {}
