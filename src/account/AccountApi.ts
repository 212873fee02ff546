import { Context } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { SignedIn } from "../auth/SignedIn.ts"
import { documented, Extra } from "../http/Documented.ts"
import { JsonBody } from "../http/Envelope.ts"
import { Allowance } from "../limits/Allowance.ts"
import { Confirmation, ConfirmationMismatch, Deleted, LastAdmin } from "./Account.ts"
import { AccountExport } from "./AccountExport.ts"

const headersOf = (headers: object) => Context.make(Extra, { responses: { 200: { headers } } })

/** One's own data. */
export class AccountApi extends HttpApiGroup.make("account")
  .add(
    HttpApiEndpoint.get("export", "/export", { success: AccountExport })
      .annotateMerge(
        headersOf({
          "Content-Disposition": {
            schema: { type: "string" },
            description: "A name for the file.",
            example: "attachment"
          }
        })
      )
      .annotateMerge(
        documented(
          "Export one's own data",
          "All that is stored about the caller, by sections, without secrets such as tokens and their hashes. " +
            "Five times a minute."
        )
      )
      .annotate(Allowance, "exports"),
    HttpApiEndpoint.delete("remove", "/", {
      payload: Confirmation,
      success: Deleted,
      error: [ConfirmationMismatch.wire, LastAdmin.wire]
    })
      .annotateMerge(
        headersOf({ "Set-Cookie": { schema: { type: "string" }, description: "Deletes the cookies of the session." } })
      )
      .annotateMerge(
        documented(
          "Delete one's own account",
          "At once and for good: sessions, profile and memberships go, the tokens at Discord are revoked, players on " +
            "rosters stay without the person, and security events are kept under a pseudonym until they end. Whoever signs " +
            "in again begins anew."
        )
      )
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .annotateMerge(
    OpenApi.annotations({ title: "Account", description: "What is stored about the caller, to see and to delete." })
  )
  .prefix("/account") {}
