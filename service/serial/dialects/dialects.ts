import type { Dialect } from "../dialect.ts"
import { eccx08 } from "./eccx08.ts"
import { gatehouse } from "./gatehouse.ts"
import { nrf91 } from "./nrf91.ts"
import { quectel } from "./quectel.ts"
import { ublox } from "./ublox.ts"
import { zephyr } from "./zephyr.ts"

/**
 * Every dialect, in the order in which a device is probed: what disturbs a stranger least comes first. The Arduino sketch
 * only listens; and as a line feed would answer its questions, no probe of the others ever sends one.
 */
export const DIALECTS: readonly Dialect[] = [eccx08, gatehouse, nrf91, quectel, ublox, zephyr]
