import { setTimeout as delay } from "node:timers/promises"
import type { Broker } from "../broker/broker.ts"
import { reasonOf } from "../errors.ts"
import type { Health } from "../health.ts"
import type { Logger } from "../log.ts"
import { openNotifier } from "../systemd/notify.ts"
import { keepWatchdog, watchdogPeriod } from "../systemd/watchdog.ts"
import { repeat } from "../upkeep.ts"

const SECOND = 1000
const MINUTE = 60 * SECOND
/** A publish that does not come back within this is a fault. */
const ROUND_TRIP_MS = 5 * SECOND
/** A systemd that does not take a notification must not use up the time for stopping. */
const STOPPING_MS = SECOND

/** Last to open and first to close: READY is never early, STOPPING comes before anything stops. */
export async function openSystemd(
  parts: AsyncDisposableStack,
  env: NodeJS.ProcessEnv,
  broker: Broker,
  health: Health,
  status: () => string,
  log: Logger,
): Promise<void> {
  const notifier = openNotifier(env, log)
  const check = async () => {
    try {
      await broker.roundTrip(ROUND_TRIP_MS)
      health.clear("round-trip-failed")
    } catch (error) {
      health.raise("round-trip-failed", reasonOf(error))
      throw error
    }
  }
  await check()
  parts.use(keepWatchdog({ periodMicroseconds: watchdogPeriod(env), check, notifier, log }))
  parts.use(repeat("the round trip", MINUTE, check, log))
  parts.use(repeat("the status line", 10 * SECOND, () => notifier.status(status()), log))
  parts.defer(() => Promise.race([notifier.stopping(), delay(STOPPING_MS, undefined, { ref: false })]))
  await notifier.ready(status())
}

/** One line for `systemctl status`. */
export function inWords(claimed: boolean, broker: Broker, health: Health): string {
  if (!claimed) return "waiting to be taken into service"
  const [alarm] = health.alarms
  const clients = `${broker.count} client${broker.count === 1 ? "" : "s"} connected`
  return alarm === undefined ? `healthy, ${clients}` : `${alarm.title}: ${alarm.detail}; ${clients}`
}
