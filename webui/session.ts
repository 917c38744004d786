import { computed, signal } from "@preact/signals"
import type { z } from "zod"
import type { sessionAnswer } from "../service/http/contract-passes.ts"
import { get, Refused, send, whenSignedOut } from "./api.ts"

export type Session = z.output<typeof sessionAnswer>

/** Who is here; undefined before it is known and once the session is over. */
export const session = signal<Session | undefined>(undefined)
/** The session ended while the page was open: it says so instead of leaving without a word. */
export const ended = signal(false)
/** The gateway could not be asked who is here. */
export const unreachable = signal(false)

export async function loadSession(): Promise<void> {
  try {
    unreachable.value = false
    session.value = await get<typeof sessionAnswer>("/session", { unattended: true })
    ended.value = false
    whenSignedOut(() => {
      ended.value = true
    })
  } catch (error) {
    if (error instanceof Refused && error.status === 401) toSignIn()
    else unreachable.value = true
  }
}

/** The part after # stays on the way to the sign-in and back. */
export function toSignIn(): void {
  location.replace(`/login${location.hash}`)
}

export async function signOut(): Promise<void> {
  whenSignedOut(() => {})
  await send("DELETE", "/session").catch(() => {})
  location.replace("/signed-out")
}

const rights = computed(() => session.value?.permissions.filter(({ context }) => context === "http") ?? [])

/** Whether the gateway would let this person read or write a path of the API; the page hides what would be refused. */
export function may(operation: "read" | "write", path: string): boolean {
  return rights.value.some(
    (right) => (right.operation === operation || right.operation === "readWrite") && covers(right.resource, path),
  )
}

/** As MQTT's filters cover names [MQTT-4.7.1]; %u is the person's own name. */
function covers(resource: string, path: string): boolean {
  const filter = resource.split("/")
  const levels = path.split("/")
  for (const [index, level] of filter.entries()) {
    if (level === "#") return true
    const wanted = level === "%u" ? session.value?.username : level
    if (index >= levels.length || (wanted !== "+" && wanted !== levels[index])) return false
  }
  return filter.length === levels.length
}
