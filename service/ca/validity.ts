/**
 * Every certificate of ours begins here, long past: a device without a clock of its own starts in 1970 or at its build
 * date, and the gateway's clock may be behind too.
 */
export const NOT_BEFORE = Date.UTC(2020, 0, 1)

/** 99991231235959Z: no well-defined end (RFC 5280 4.1.2.5). */
export const NEVER = Date.UTC(9999, 11, 31, 23, 59, 59)

export const DAY = 86_400_000

/** How long a certificate lasts: whole days, or without end. */
export type Lifetime = number | "never"

/** The default for devices and for our own servers, in days. */
export const DEFAULT_LIFETIME = 398

/** When something issued now ends, in milliseconds, whole seconds; never later than `NEVER`. */
export function endOfLife(now: number, lifetime: Lifetime): number {
  if (lifetime === "never") return NEVER
  const from = Math.max(now, NOT_BEFORE)
  return Math.min(Math.floor(from / 1000) * 1000 + lifetime * DAY, NEVER)
}

/** From when a certificate should be renewed: two thirds of its life, so that a device has time to fail and come back. */
export function renewAfter({ at, notAfter }: { readonly at: number; readonly notAfter: number }): number {
  return at + Math.floor(((notAfter - at) * 2) / 3)
}

/** A date as a technician reads it, in UTC. */
export function dateOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`
}
