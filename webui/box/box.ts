import type { z } from "zod"
import type { applianceAnswer } from "../../service/http/contract-appliance.ts"

export type Box = z.infer<typeof applianceAnswer>

/** What each part of the page gets: the box as it is, and the way to read it anew after a change. */
export interface BoxProps {
  readonly box: Box
  readonly reload: () => Promise<void>
}
