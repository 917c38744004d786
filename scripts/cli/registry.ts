import type { z } from "zod"
import type { registryAnswer } from "../../service/http/contract-registry.ts"
import { part } from "./api.ts"
import type { Call, Command } from "./command.ts"
import { moment } from "./moment.ts"

type Registry = z.infer<typeof registryAnswer>

const ID = { name: "ID" } as const

/** Self-registration of devices. */
export const REGISTRY_COMMANDS: readonly Command[] = [
  {
    words: "registry show",
    summary: "Show whether unknown clients are remembered, and who came.",
    example: "registry show",
    run: async (call) => show(call, await call.api.get<Registry>("/registry")),
  },
  {
    words: "registry open",
    summary: "Remember for five minutes who comes unknown over TLS; nobody is let in by that.",
    example: "registry open",
    run: async (call) => show(call, await call.api.ask<Registry>("POST", "/registry")),
  },
  {
    words: "registry close",
    summary: "Remember nobody any more.",
    example: "registry close",
    async run({ api, screen }) {
      await api.ask("DELETE", "/registry")
      screen.answer({}, () => "The registry is closed.")
    },
  },
  {
    words: "registry allow",
    summary: "Make a user of whoever came; it connects again by itself.",
    operands: [ID],
    options: { role: { value: "ROLE", many: true, summary: "a role it gets; may be given more than once" } },
    example: "registry allow 0f3c5a0f3c5a0f3c5a0f3c5a0f3c5a0f --role device",
    async run(call) {
      const json = { roles: call.texts("role") }
      const path = `/registry/${part(call.operand("ID"))}/allow`
      const user = await call.api.ask<{ username: string }>("POST", path, { json })
      call.screen.answer(user, () => `${user.username} is a user now.`)
    },
  },
  {
    words: "registry forget",
    summary: "Forget whoever came.",
    operands: [ID],
    example: "registry forget 0f3c5a0f3c5a0f3c5a0f3c5a0f3c5a0f",
    async run({ api, screen, operand }) {
      await api.ask("DELETE", `/registry/${part(operand("ID"))}`)
      screen.answer({}, () => "It is forgotten.")
    },
  },
]

function show({ screen }: Call, registry: Registry): void {
  const rows = registry.candidates.map(({ id, name, method, address, fingerprint = "", count, last }) => [
    ...[id, name, method, address, String(count), moment(last), fingerprint],
  ])
  const state = registry.until === undefined ? "The registry is closed." : `Open until ${moment(registry.until)}.`
  const heads = ["ID", "NAME", "PROOF", "ADDRESS", "TIMES", "LAST", "FINGERPRINT"]
  screen.answer(registry, () => [state, ...screen.table(heads, rows, "nobody came")])
}
