import type { z } from "zod"
import type { Actor } from "../access/accounts.ts"
import type { Answer } from "./answer.ts"
import { nothing } from "./contract.ts"
import { validated } from "./validation.ts"

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

/**
 * Who may come in: anyone; whoever has a token, whatever it may do; or who holds the right to read or to write the
 * route's resource.
 */
export type Access = "public" | "token" | "read" | "write"

/** One request, judged and validated. A public route has an actor without a name and without rights. */
export interface Call<P = unknown, Q = unknown, B = unknown> {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly actor: Actor
  /** Identifies the token in use, without being it; "" on a public route. */
  readonly tokenId: string
  readonly address: string
  /** The first of these media types that the client takes. */
  accepts(...types: string[]): string | undefined
}

/** One line of the route table. */
export interface Route {
  readonly method: Method
  /** The template, from the root, in Express's notation. */
  readonly path: string
  readonly access: Access
  /** Closed to everyone but administrators, whatever paths a role may name. */
  readonly administratorOnly: boolean
  /** Whether the route takes a body: never, always, or with `{}` standing in for none. */
  readonly takesBody: "no" | "yes" | "maybe"
  /** Media types beside JSON, and how their bytes become the JSON body. */
  readonly raw: RawBody | undefined
  readonly schema: { readonly params: z.ZodType; readonly query: z.ZodType; readonly body: z.ZodType }
  /** What a success carries; undefined where that is not JSON or nothing. */
  readonly answers: z.ZodType | undefined
  answer(call: Call): Promise<Answer>
}

export interface RawBody {
  readonly types: readonly string[]
  read(bytes: Buffer): unknown
}

interface Spec<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly method: Method
  readonly path: string
  readonly access: Access
  readonly administratorOnly?: boolean
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly bodyOptional?: boolean
  readonly raw?: RawBody
  readonly answers?: z.ZodType
  answer(call: Call<z.infer<P>, z.infer<Q>, z.infer<B>>): Answer | Promise<Answer>
}

/** Declares a route: its schemas give the types of what `answer` receives. What is not declared is refused. */
export function route<
  P extends z.ZodType = typeof nothing,
  Q extends z.ZodType = typeof nothing,
  B extends z.ZodType = typeof nothing,
>(spec: Spec<P, Q, B>): Route {
  const params: z.ZodType<unknown> = spec.params ?? nothing
  const query: z.ZodType<unknown> = spec.query ?? nothing
  const body: z.ZodType<unknown> = spec.body ?? nothing
  return {
    method: spec.method,
    path: spec.path,
    access: spec.access,
    administratorOnly: spec.administratorOnly ?? false,
    takesBody: spec.body === undefined ? "no" : spec.bodyOptional ? "maybe" : "yes",
    raw: spec.raw,
    schema: { params, query, body },
    answers: spec.answers,
    answer: async (call) =>
      spec.answer({
        ...call,
        params: validated(params, call.params, "address") as z.infer<P>,
        query: validated(query, call.query, "query") as z.infer<Q>,
        body: validated(body, call.body, "body") as z.infer<B>,
      }),
  }
}
