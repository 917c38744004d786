import type { z } from "zod"
import type { certificatesAnswer } from "../../service/http/contract-certificates.ts"
import type { deviceAnswer } from "../../service/http/contract-devices.ts"

/** What the parts of a device's page are given. */
export type Shown = z.output<typeof deviceAnswer>
export type Certificate = z.output<typeof certificatesAnswer>["certificates"][number]
