import { signal } from "@preact/signals"
import { useEffect, useMemo } from "preact/hooks"
import type { SeenMessageAnswer, SeenMessagesAnswer } from "../../service/http/contract-messages.ts"

export type Seen = SeenMessageAnswer & { readonly key: number }

/** What is kept to be shown: a person reads no more, and a phone holds no more. */
const MOST = 100
const SECONDS = 5

/** The messages that pass a filter, as long as somebody looks: a page in the background, or paused, reads no stream. */
export function useWatch(filter: string, paused: boolean) {
  const held = useMemo(watching, [])
  useEffect(() => {
    held.clear()
  }, [filter])
  useEffect(() => {
    if (paused) return
    const follow = () => (document.hidden ? held.stop() : held.start(filter))
    follow()
    document.addEventListener("visibilitychange", follow)
    return () => {
      document.removeEventListener("visibilitychange", follow)
      held.stop()
    }
  }, [filter, paused])
  return held
}

function watching() {
  /** The newest first. */
  const latest = signal<readonly Seen[]>([])
  /** The last of each topic, by topic. */
  const topics = signal<ReadonlyMap<string, Seen>>(new Map())
  const total = signal(0)
  const perSecond = signal(0)
  const state = signal<"waiting" | "open" | "refused">("waiting")
  let source: EventSource | undefined
  let number = 0
  let lately: { readonly at: number; readonly count: number }[] = []

  const take = ({ total: count, messages }: SeenMessagesAnswer, isLive: boolean) => {
    const fresh = messages.map((message) => ({ ...message, key: ++number }))
    latest.value = [...fresh.toReversed(), ...latest.value].slice(0, MOST)
    const next = new Map(topics.value)
    for (const message of fresh) next.set(message.topic, message)
    for (const topic of [...next.keys()].slice(0, Math.max(0, next.size - MOST))) next.delete(topic)
    topics.value = next
    if (!isLive) return
    total.value += count
    lately.push({ at: Date.now(), count })
  }
  const measure = () => {
    lately = lately.filter(({ at }) => at > Date.now() - SECONDS * 1000)
    perSecond.value = lately.reduce((sum, { count }) => sum + count, 0) / SECONDS
  }
  let timer: ReturnType<typeof setInterval> | undefined

  return {
    ...{ latest, topics, total, perSecond, state },
    clear() {
      latest.value = []
      topics.value = new Map()
      total.value = 0
      lately = []
    },
    start(filter: string) {
      if (source !== undefined) return
      state.value = "waiting"
      source = new EventSource(`/api/v1/messages?filter=${encodeURIComponent(filter)}`)
      source.onopen = () => {
        state.value = "open"
      }
      source.addEventListener("retained", ({ data }) => latest.value.length === 0 && take(JSON.parse(data), false))
      source.addEventListener("messages", ({ data }) => take(JSON.parse(data), true))
      source.onerror = () => {
        state.value = source?.readyState === EventSource.CLOSED ? "refused" : "waiting"
      }
      timer = setInterval(measure, 1000)
    },
    stop() {
      source?.close()
      source = undefined
      clearInterval(timer)
      perSecond.value = 0
    },
  }
}
