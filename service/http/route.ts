import type { Readable } from "node:stream"
import type { z } from "zod"
import type { Answer } from "./answer.ts"
import { nothing } from "./contract.ts"
import type { Asker } from "./identification.ts"
import type { ProblemCode } from "./problem.ts"
import { validated } from "./validation.ts"

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

/**
 * Who may come in: anyone; whoever has a token or a session, whatever it may do; of these whoever signed in, which a
 * program with a kept token has not; or who holds the right to read or to write the route's resource.
 */
export type Access = "public" | "token" | "person" | "read" | "write"

/** One request, judged and validated. A public route has an actor without a name and without rights. */
export interface Call<P = unknown, Q = unknown, B = unknown> extends Asker {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly address: string
  /** A header of the request that came exactly once. */
  header(
    name: "if-match" | "if-none-match" | "last-event-id" | "cookie" | "accept-encoding" | "idempotency-key",
  ): string | undefined
  /** Throws `cross-site` unless a page of this gateway sent the request. */
  assertOwnPage(): void
  /** Who this is now; throws when the pass has ended meanwhile or may no longer be here. For answers that last. */
  admitted(): Asker
  /** The body of a route that takes an upload, to be read as it comes, and the bytes that it announced. */
  upload(): Upload
  /** The first of these media types that the client takes. */
  accepts(...types: string[]): string | undefined
  /** The one of these languages that the client reads best. */
  language(...languages: string[]): string | undefined
}

/** One line of the route table. */
export interface Route {
  readonly method: Method
  /** The template, from the root, in Express's notation. */
  readonly path: string
  readonly access: Access
  /** One sentence for the API's description. */
  readonly summary: string
  /** The password must have been given within the last minutes. */
  readonly confirmed: boolean
  /** A question that takes a body, or an act that leaves nothing behind: not for the record of changes. */
  readonly changesNothing: boolean
  /** Takes and gives entity tags. */
  readonly tagged: boolean
  /** An order that may be sent again under the same Idempotency-Key and is still one. */
  readonly idempotent: boolean
  /** Refusals beside those that follow from the other columns. */
  readonly refuses: readonly ProblemCode[]
  /** Closed to everyone but administrators, whatever paths a role may name. */
  readonly administratorOnly: boolean
  /** Whether the route takes a body: never, always, with `{}` standing in for none, or as a stream of raw bytes. */
  readonly takesBody: "no" | "yes" | "maybe" | "upload"
  /** Media types beside JSON, and how their bytes become the JSON body. */
  readonly raw: RawBody | undefined
  /** The most that an upload may have. */
  readonly uploadBytes: number
  readonly schema: { readonly params: z.ZodType; readonly query: z.ZodType; readonly body: z.ZodType }
  /** What a success carries; undefined where that is not JSON or nothing. */
  readonly answers: z.ZodType | undefined
  /** What a success carries instead of JSON. */
  readonly types: readonly string[]
  /** The status of a success. */
  readonly success: readonly number[]
  answer(call: Call): Promise<Answer>
}

export interface Upload {
  readonly bytes: number
  readonly stream: Readable
}

export interface RawBody {
  readonly types: readonly string[]
  read(bytes: Buffer): unknown
}

interface Spec<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly method: Method
  readonly path: string
  readonly access: Access
  readonly summary?: string
  readonly administratorOnly?: boolean
  readonly confirmed?: boolean
  readonly changesNothing?: boolean
  readonly tagged?: boolean
  readonly idempotent?: boolean
  readonly refuses?: readonly ProblemCode[]
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly bodyOptional?: boolean
  readonly raw?: RawBody
  /** Takes raw bytes as they come, at most so many. */
  readonly uploadBytes?: number
  readonly answers?: z.ZodType
  readonly types?: readonly string[]
  readonly success?: number | readonly number[]
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
    summary: spec.summary ?? "",
    confirmed: spec.confirmed ?? false,
    changesNothing: spec.changesNothing ?? false,
    tagged: spec.tagged ?? false,
    idempotent: spec.idempotent ?? false,
    refuses: spec.refuses ?? [],
    administratorOnly: spec.administratorOnly ?? false,
    takesBody: takesBodyOf(spec),
    uploadBytes: spec.uploadBytes ?? 0,
    raw: spec.raw,
    schema: { params, query, body },
    answers: spec.answers,
    types: spec.types ?? [],
    success: [spec.success ?? (spec.answers === undefined && spec.types === undefined ? 204 : 200)].flat(),
    answer: async (call) =>
      spec.answer({
        ...call,
        params: validated(params, call.params, "address") as z.infer<P>,
        query: validated(query, call.query, "query") as z.infer<Q>,
        body: validated(body, call.body, "body") as z.infer<B>,
      }),
  }
}

function takesBodyOf(spec: { body?: unknown; bodyOptional?: boolean; uploadBytes?: number }): Route["takesBody"] {
  if (spec.uploadBytes !== undefined) return "upload"
  if (spec.body === undefined) return "no"
  return spec.bodyOptional ? "maybe" : "yes"
}
