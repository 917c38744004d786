import { type ReadonlySignal, signal } from "@preact/signals"
import { useEffect, useMemo } from "preact/hooks"
import type { CallOptions } from "./api.ts"
import { Refused } from "./api.ts"
import { type LiveKind, onLive } from "./live.ts"

/** How often at most something is read anew because of events. */
const PACE_MS = 500

export interface Resource<T> {
  /** The latest that was read; stays while it is read anew. */
  readonly value: ReadonlySignal<T | undefined>
  /** Why it could not be read. */
  readonly error: ReadonlySignal<Refused | undefined>
  /** Reads it anew, as after a change of one's own. */
  reload(): Promise<void>
}

/**
 * Something of the API, read when the component appears and again whenever one of these events happens, at most twice a
 * second. `keys` are what the reading depends on. With `everyMs` it is also read in such intervals, while it is in sight.
 */
export function useResource<T>(
  read: (options: CallOptions) => Promise<T>,
  on: readonly LiveKind[] = [],
  keys: readonly unknown[] = [],
  everyMs?: number,
): Resource<T> {
  const held = useMemo(() => holding(read), keys)
  useEffect(() => {
    void held.reload()
    let timer: ReturnType<typeof setTimeout> | undefined
    const stop = onLive((kind) => {
      if (kind !== "gap" && kind !== "skipped" && !on.includes(kind)) return
      timer ??= setTimeout(() => {
        timer = undefined
        void held.refresh()
      }, PACE_MS)
    })
    const interval = everyMs && setInterval(() => document.hidden || void held.refresh(), everyMs)
    return () => {
      stop()
      clearInterval(interval)
      clearTimeout(timer)
      held.stop()
    }
  }, [held])
  return held
}

function holding<T>(read: (options: CallOptions) => Promise<T>) {
  const value = signal<T | undefined>(undefined)
  const error = signal<Refused | undefined>(undefined)
  let stopped = false
  let asked = 0
  const load = async (options: CallOptions) => {
    const mine = ++asked
    try {
      const answer = await read(options)
      if (stopped || mine !== asked) return // a later reading is on its way, or has come
      value.value = answer
      error.value = undefined
    } catch (failure) {
      if (stopped || mine !== asked) return
      if (!(failure instanceof Refused)) throw failure
      error.value = failure
    }
  }
  return {
    value,
    error,
    reload: () => {
      stopped = false
      return load({})
    },
    refresh: () => load({ unattended: true }),
    stop: () => {
      stopped = true
    },
  }
}
