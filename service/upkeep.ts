import { reasonOf } from "./errors.ts"
import type { Logger } from "./log.ts"

/**
 * Does some work every `periodMs`, never twice at once; a failure is logged and the next turn tries again. Short
 * periods and a look at the state instead of one long timer: setTimeout beyond 24.8 days fires at once.
 */
export function repeat(what: string, periodMs: number, work: () => Promise<unknown>, log: Logger): AsyncDisposable {
  let running: Promise<void> | undefined
  const turn = async () => {
    try {
      await work()
    } catch (error) {
      log.error(`${what} failed`, { reason: reasonOf(error) })
    }
  }
  const timer = setInterval(() => {
    running ??= turn().finally(() => {
      running = undefined
    })
  }, periodMs)
  timer.unref()
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer)
      await running
    },
  }
}
