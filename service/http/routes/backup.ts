import { ok } from "../answer.ts"
import { backupAnswer } from "../contract-system.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"

/** Everything else in the state directory is replaced whole and can be copied as it lies; the session store cannot. */
export function backupRoute({ backup }: Gateway): Route {
  return route({
    method: "POST",
    path: "/backup",
    access: "write",
    summary: "Copy sessions, queues and retained messages to a file in the state directory, while they are in use",
    administratorOnly: true,
    refuses: ["disk-failed"],
    answers: backupAnswer,
    answer: async () => ok(await backup()),
  })
}
