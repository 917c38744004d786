import type { z } from "zod"
import type { overviewAnswer } from "../../service/http/contract-overview.ts"

export type Overview = z.output<typeof overviewAnswer>

/** From what the stream says, or before it has said anything from the last period. */
export function lastRate({ rates }: Overview): { readonly in: number; readonly out: number } {
  const last = rates.samples.at(-1)
  return { in: (last?.messagesIn ?? 0) / rates.seconds, out: (last?.messagesOut ?? 0) / rates.seconds }
}
