import type { WantedMessage } from "../../access/messages.ts"
import { Policy } from "../../access/policy.ts"
import { ok } from "../answer.ts"
import { publishAnswer, publishRequest, watchQuery } from "../contract-messages.ts"
import type { MessageStreams } from "../message-streams.ts"
import type { Gateway } from "../ports.ts"
import { Problem } from "../problem.ts"
import { type Route, route } from "../route.ts"

const TYPE = "text/event-stream"

/** Looking at messages, and sending one by hand. Besides the path, the asker's own MQTT permissions decide. */
export function messageRoutes({ messages, directory }: Gateway, streams: MessageStreams): Route[] {
  return [
    route({
      method: "GET",
      path: "/messages",
      access: "read",
      summary: "Watch messages as server-sent events: of the topics one may read a sample, and how many there were",
      query: watchQuery,
      types: [TYPE],
      refuses: ["busy", "forbidden"],
      answer(call) {
        streams.assertOpen(call)
        return {
          status: 200,
          type: TYPE,
          stream: (response) => streams.open(response, call.admitted, call.query.filter),
        }
      },
    }),
    route({
      method: "POST",
      path: "/messages",
      access: "write",
      changesNothing: true,
      summary: "Publish a message with one's own MQTT permissions",
      refuses: ["forbidden", "conflict"],
      body: publishRequest,
      answers: publishAnswer,
      async answer({ actor, body }) {
        const { publishPrefix } = directory.users.get(actor.name) ?? {}
        const policy = Policy.compile(actor.rights, "mqtt", actor.name, undefined, publishPrefix)
        const published = await messages.publish(policy, { ...body, payload: bytesOf(body) })
        if (published.ok) return ok({ topic: published.topic, receivers: published.receivers })
        throw new Problem(CODE[published.cause], published.sentence)
      },
    }),
  ]
}

const CODE = { "not-allowed": "forbidden", malformed: "bad-request", "too-much": "conflict" } as const

function bytesOf({
  payload,
  encoding,
}: {
  payload: string
  encoding: "text" | "hex" | "base64"
}): WantedMessage["payload"] {
  if (encoding === "text") return Buffer.from(payload)
  const text = payload.replace(/\s/g, "")
  const bytes = Buffer.from(text, encoding)
  // Buffer.from stops at what it does not know, without a word
  const back = bytes.toString(encoding)
  if (encoding === "hex" ? back === text.toLowerCase() : back === text) return bytes
  throw new Problem("bad-request", `the payload is not ${encoding}; correct it or send it as text`)
}
