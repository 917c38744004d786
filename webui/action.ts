import { type ReadonlySignal, signal } from "@preact/signals"
import { useMemo } from "preact/hooks"
import { Refused } from "./api.ts"

export interface Action<A extends unknown[]> {
  readonly busy: ReadonlySignal<boolean>
  /** Why it was refused; gone with the next try. */
  readonly refused: ReadonlySignal<Refused | undefined>
  run(...args: A): Promise<void>
  forget(): void
}

/** Something a person sets going: once at a time, and with a refusal to show. */
export function useAction<A extends unknown[]>(work: (...args: A) => Promise<void>): Action<A> {
  const held = useMemo(() => {
    const busy = signal(false)
    const refused = signal<Refused | undefined>(undefined)
    return { busy, refused, work }
  }, [])
  held.work = work // the one of this rendering, which sees what its fields hold now
  return {
    busy: held.busy,
    refused: held.refused,
    forget: () => {
      held.refused.value = undefined
    },
    async run(...args: A) {
      if (held.busy.value) return
      held.busy.value = true
      held.refused.value = undefined
      try {
        await held.work(...args)
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        held.refused.value = error
      } finally {
        held.busy.value = false
      }
    },
  }
}
