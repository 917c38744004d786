import { reasonOf } from "./errors.ts"
import type { Condition, Health } from "./health.ts"
import type { Logger } from "./log.ts"

/**
 * Does some work every `periodMs`, never twice at once; a failure is logged, once as long as its reason stays the same,
 * and the next turn tries again. Short periods and a look at the state instead of one long timer: setTimeout beyond
 * 24.8 days fires at once.
 */
export function repeat(what: string, periodMs: number, work: () => Promise<unknown>, log: Logger): AsyncDisposable {
  let running: Promise<void> | undefined
  let failing: string | undefined
  const turn = async () => {
    try {
      await work()
      if (failing !== undefined) log.info(`${what} works again`)
      failing = undefined
    } catch (error) {
      const reason = reasonOf(error)
      if (reason !== failing) log.error(`${what} failed`, { reason })
      failing = reason
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

/** Does a piece of work and passes on how it ended. */
export type Watched = <T>(work: () => Promise<T>) => Promise<T>

/** An alarm that several works share: it stands as long as one of them has failed and not succeeded since. */
export function sharedAlarm(health: Health, condition: Condition): () => Watched {
  const failing = new Map<Watched, string>()
  const tell = () => {
    if (failing.size === 0) health.clear(condition)
    else health.raise(condition, [...new Set(failing.values())].join("; "))
  }
  return () => {
    const watched: Watched = async (work) => {
      try {
        const outcome = await work()
        failing.delete(watched)
        return outcome
      } catch (error) {
        failing.set(watched, reasonOf(error))
        throw error
      } finally {
        tell()
      }
    }
    return watched
  }
}

/** An alarm that names every document of a newer version that was set aside in this start. */
export function revertedAlarm(health: Health): (what: string) => void {
  const told: string[] = []
  return (what) => {
    told.push(what)
    health.raise("document-reverted", told.join("; "))
  }
}
