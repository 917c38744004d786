import type { EventStreams } from "../event-streams.ts"
import { type Route, route } from "../route.ts"

const TYPE = "text/event-stream"

/** What happens, as it happens; of it what the asker may read. */
export function eventRoutes(streams: EventStreams): Route[] {
  return [
    route({
      method: "GET",
      path: "/events",
      access: "token",
      summary: "One stream of server-sent events; goes on after Last-Event-ID",
      types: [TYPE],
      refuses: ["busy"],
      answer({ actor, admitted, header }) {
        streams.assertRoom(actor.name)
        return {
          status: 200,
          type: TYPE,
          stream: (response) => streams.open(response, admitted, header("last-event-id")),
        }
      },
    }),
  ]
}
