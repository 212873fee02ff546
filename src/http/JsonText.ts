import { HttpServerResponse } from "effect/http"

declare const shape: unique symbol

/** JSON of an `A` in UTF-8, as the database made it: it goes out as it is. */
export type JsonText<A> = Uint8Array & { readonly [shape]: A }

export const parseJson = <A>(text: JsonText<A>): A => JSON.parse(new TextDecoder().decode(text)) as A

/** An answer whose body the database made. */
export const jsonAnswer = <A>(text: JsonText<A>) =>
  HttpServerResponse.uint8Array(text, { contentType: "application/json" })
