import type { Dialect } from "../dialect.ts"
import { gatehouse } from "./gatehouse.ts"

/** Every dialect, in the order in which a device is probed: what disturbs a stranger least comes first. */
export const DIALECTS: readonly Dialect[] = [gatehouse]
