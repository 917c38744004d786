import { GatewayError, reasonOf } from "../errors.ts"
import type { Logger } from "../log.ts"
import type { Notifier } from "./notify.ts"

export interface WatchdogOptions {
  /** As `watchdogPeriod` tells it; null when systemd keeps no watch. */
  readonly periodMicroseconds: number | null
  /** Rejects when the gateway does not do its work; a message that makes the round trip is the best proof. */
  readonly check: () => Promise<void>
  readonly notifier: Pick<Notifier, "watchdog">
  readonly log: Logger
}

/** Microseconds within which systemd wants to hear from this process; null when it keeps no watch on it. */
export function watchdogPeriod(env: NodeJS.ProcessEnv, pid: number = process.pid): number | null {
  const period = Number(env.WATCHDOG_USEC)
  if (!Number.isSafeInteger(period) || period <= 0) return null
  // set for another process, whose child this is (sd_watchdog_enabled(3))
  if (env.WATCHDOG_PID !== undefined && env.WATCHDOG_PID !== String(pid)) return null
  return period
}

/**
 * Feeds systemd's watchdog as long as `check` succeeds: at once, then every half period, never before the check
 * before has ended. A check has a third of the period, so that its success still arrives in time; once it fails or
 * hangs for a whole period, systemd ends and restarts the process.
 */
export function keepWatchdog({ periodMicroseconds, check, notifier, log }: WatchdogOptions): AsyncDisposable {
  if (periodMicroseconds === null) return { [Symbol.asyncDispose]: async () => {} }
  const period = periodMicroseconds / 1000
  const ended = new AbortController()
  let timer: NodeJS.Timeout | undefined

  const turn = async (): Promise<void> => {
    const began = performance.now()
    const checked = Promise.resolve().then(check)
    try {
      await within(period / 3, checked, ended.signal)
      if (!ended.signal.aborted) await notifier.watchdog()
    } catch (error) {
      if (!ended.signal.aborted) log.error("watchdog not fed", { reason: reasonOf(error) })
      await checked.catch(() => {})
    }
    if (ended.signal.aborted) return
    timer = setTimeout(turn, Math.max(0, began + period / 2 - performance.now())).unref()
  }
  void turn()
  return {
    // does not wait for a check under way: one that hangs would use up the time systemd grants a stop
    [Symbol.asyncDispose]: async () => {
      ended.abort()
      clearTimeout(timer)
    },
  }
}

async function within(milliseconds: number, checked: Promise<void>, ended: AbortSignal): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late.reject(new GatewayError("internal", `the check took longer than ${Math.round(milliseconds)} ms`))
  }, milliseconds).unref()
  ended.addEventListener("abort", () => clearTimeout(timer), { once: true })
  try {
    await Promise.race([checked, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
