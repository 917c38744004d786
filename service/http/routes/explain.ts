import { explain } from "../../access/explain.ts"
import { ok } from "../answer.ts"
import { explainAnswer, explainRequest } from "../contract.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"

/** "May X do Y, and why?" A question with a body, so a POST; it changes nothing, so a read. */
export function explainRoutes({ directory }: Gateway): Route[] {
  return [
    route({
      method: "POST",
      path: "/explain",
      access: "read",
      summary: "May this user do this, and by which permission",
      body: explainRequest,
      answers: explainAnswer,
      answer: ({ body }) => ok(explain(directory, body)),
    }),
  ]
}
