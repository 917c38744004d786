import { signal } from "@preact/signals"
import type { EventKind, Pulse } from "../service/http/contract-page.ts"
import { get } from "./api.ts"
import { learnClock } from "./format.ts"
import { session } from "./session.ts"

/**
 * One stream of events for all tabs of the browser: it allows six connections to a host, and a stream in each of seven
 * tabs would leave none. The tab that holds the lock reads the stream and tells the others; when it closes, the next one
 * gets the lock.
 */
const LOCK = "gatehouse-events"

/** The gateway says something every two seconds; after this much silence it is gone, whatever the network thinks. */
const SILENCE_MS = 4500
const LOOK_MS = 500

export type LiveKind = EventKind | "gap"

interface Told {
  readonly kind: LiveKind | "pulse"
  readonly data: Readonly<Record<string, unknown>>
}

/** Whether the gateway is there. `since` is when it was last heard, on the browser's clock. */
export const connection = signal<{ readonly alive: boolean; readonly since: number }>({
  alive: true,
  since: Date.now(),
})
/** The latest of what the gateway says all the time; undefined until it has, or when this person may not read it. */
export const latestPulse = signal<Pulse | undefined>(undefined)

const listeners = new Set<(kind: LiveKind, data: Told["data"]) => void>()

/** Told of each event, and of `gap` when some were missed: then everything has to be read anew. Answers how to stop. */
export function onLive(listener: (kind: LiveKind, data: Told["data"]) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

let heard = Date.now()

/** Begins to follow what happens; once per tab. */
export function followLive(): void {
  const channel = new BroadcastChannel(LOCK)
  channel.onmessage = ({ data }: MessageEvent<Told>) => take(data)
  void navigator.locks.request(LOCK, () =>
    lead((told) => {
      channel.postMessage(told)
      take(told)
    }),
  )
  setInterval(watch, LOOK_MS)
}

/** Reads the stream for as long as the tab lives. */
function lead(tell: (told: Told) => void): Promise<never> {
  const open = () => {
    const source = new EventSource("/api/v1/events")
    for (const kind of KINDS) {
      source.addEventListener(kind, ({ data }) => tell({ kind, data: JSON.parse(data) }))
    }
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return // the browser tries again by itself
      source.close()
      setTimeout(open, 2000)
      // refused, not cut: most likely the session is over, and this call will find that out
      if (session.value !== undefined) void get("/session", { unattended: true }).catch(() => {})
    }
  }
  open()
  return new Promise<never>(() => {})
}

const KINDS: readonly Told["kind"][] = [
  "pulse",
  "gap",
  "skipped",
  "client-connected",
  "client-disconnected",
  "refused",
  "alarm-raised",
  "alarm-cleared",
  "certificate-issued",
  "certificate-revoked",
  "users-changed",
  "roles-changed",
  "appliance-changed",
  "serial-ports-changed",
  "serial-job-changed",
]

function take({ kind, data }: Told): void {
  const now = Date.now()
  heard = now
  const wasGone = !connection.value.alive
  if (wasGone) connection.value = { alive: true, since: now }
  if (kind === "pulse") {
    if ("clients" in data) {
      latestPulse.value = data as unknown as Pulse
      learnClock(Date.parse(latestPulse.value.at), "exactly")
    }
    if (wasGone) for (const listener of listeners) listener("gap", {})
    return
  }
  for (const listener of listeners) listener(kind, data)
}

function watch(): void {
  const gone = Date.now() - heard > SILENCE_MS
  if (gone && connection.value.alive) connection.value = { alive: false, since: heard }
}
