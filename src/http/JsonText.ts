import { HttpServerResponse } from "effect/http"

declare const shape: unique symbol

/** JSON of an `A`, as the database made it: it goes out as it is. */
export type JsonText<A> = string & { readonly [shape]: A }

export const parseJson = <A>(text: JsonText<A>): A => JSON.parse(text) as A

/** An answer whose body the database made. */
export const jsonAnswer = <A>(text: JsonText<A>) => HttpServerResponse.text(text, { contentType: "application/json" })
