import { z } from "zod"
import { ok } from "../answer.ts"
import { API } from "../contract.ts"
import { openApiOf } from "../openapi.ts"
import { type Route, route } from "../route.ts"

/** The API's own description, for whoever may ask anything at all: it names the version, which is nothing for strangers. */
export function openApiRoute(table: () => readonly Route[], version: string): Route {
  let made: unknown
  return route({
    method: "GET",
    path: `${API}/openapi.json`,
    access: "token",
    summary: "This description, OpenAPI 3.1",
    answers: z.looseObject({ openapi: z.literal("3.1.0") }),
    answer() {
      made ??= openApiOf(table(), version)
      return ok(made)
    },
  })
}
