import type { z } from "zod"
import type { refusedAnswer, statusAnswer } from "../../service/http/contract.ts"
import type { Command } from "./command.ts"
import { lasting, moment } from "./moment.ts"
import type { Screen } from "./screen.ts"

export type Status = z.infer<typeof statusAnswer>
type Refused = z.infer<typeof refusedAnswer>

/** Looking on: how the gateway is, and whom it turned away. */
export const STATUS_COMMANDS: readonly Command[] = [
  {
    words: "status",
    summary: "Show how the gateway is: alarms, listeners, clients.",
    example: "status",
    async run({ api, screen }) {
      const status = await api.get<Status>("/status")
      screen.answer(status, () => statusLines(screen, status))
    },
  },
  {
    words: "refused",
    summary: "List the clients that were turned away, the latest first, each with its cause and what to do.",
    example: "refused",
    async run({ api, screen }) {
      const refused = await api.get<Refused>("/refused")
      screen.answer(refused, () => refusedLines(screen, refused))
    },
  },
]

function statusLines(screen: Screen, status: Status): string[] {
  const { alarms, listeners, clients, refused, claimed, version, uptimeSeconds } = status
  const facts = screen.facts([
    ["service", claimed ? "in service" : 'waiting to be taken into service; run "gatehouse claim"'],
    ["health", alarms.length === 0 ? "healthy" : `${alarms.length} alarm${alarms.length === 1 ? "" : "s"}`],
    ["version", `${version}, up ${lasting(uptimeSeconds)}`],
    ["clients", `${clients} connected, ${refused} turned away`],
    ["listeners", listeners.map(({ name, host, port, open }) => `${name} ${open ? `${host}:${port}` : "closed"}`)],
  ])
  const raised = alarms.flatMap(({ title, detail, remedy, since }) => [
    "",
    screen.paint("red", `${title}: ${detail}`),
    `  since ${moment(since)}`,
    `  ${remedy}`,
  ])
  return [...facts, ...raised]
}

function refusedLines(screen: Screen, { groups }: Refused): string[] {
  const rows = groups.map(({ name, address, count, last, sentence }) => [
    name,
    address,
    String(count),
    moment(last),
    sentence,
  ])
  return screen.table(["NAME", "ADDRESS", "TIMES", "LAST", "WHY"], rows, "nobody was turned away")
}
