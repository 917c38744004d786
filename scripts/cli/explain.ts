import type { z } from "zod"
import type { explainAnswer } from "../../service/http/contract.ts"
import type { Command } from "./command.ts"
import { shown } from "./screen.ts"

type Explanation = z.infer<typeof explainAnswer>

/** "May X do Y, and why?" */
export const EXPLAIN_COMMANDS: readonly Command[] = [
  {
    words: "explain",
    summary: "Say whether a user may subscribe to (read) or publish to (write) a topic, and by which permission.",
    operands: [{ name: "USERNAME" }, { name: "OPERATION", choices: ["read", "write"] }, { name: "TOPIC" }],
    options: { "client-id": { value: "ID", summary: "the client identifier, where a permission speaks of %c" } },
    example: "explain pump-1 write devices/pump-1/temperature",
    async run({ api, screen, operand, text }) {
      const clientId = text("client-id")
      const json = {
        username: operand("USERNAME"),
        operation: operand("OPERATION"),
        topic: operand("TOPIC"),
        ...(clientId === undefined ? {} : { clientId }),
      }
      const answer = await api.ask<Explanation>("POST", "/explain", { json })
      const verdict = answer.allowed ? screen.paint("green", "yes") : screen.paint("red", "no")
      screen.answer(answer, () => `${verdict}: ${shown(answer.because)}`)
    },
  },
]
