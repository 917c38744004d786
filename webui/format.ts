import { signal } from "@preact/signals"
import { language } from "./words.ts"

/** How this person writes times and numbers: as the browser asks for it, if it does so in the chosen language. */
function locale(): string {
  const chosen = language.value
  return navigator.languages.find((tag) => tag.startsWith(chosen)) ?? (chosen === "de" ? "de-DE" : "en-GB")
}

/** Formats cost a hundred times what formatting does, and a list of ages asks for one in every row, every second. */
function kept<O, F>(make: (locale: string, options: O) => F): (options: O) => F {
  const made = new Map<string, F>()
  return (options) => {
    const key = `${locale()} ${JSON.stringify(options)}`
    const format = made.get(key) ?? make(locale(), options)
    made.set(key, format)
    return format
  }
}

const numbers = kept((tag, options: Intl.NumberFormatOptions) => new Intl.NumberFormat(tag, options))
const dates = kept((tag, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(tag, options))
const relatives = kept((tag, options: Intl.RelativeTimeFormatOptions) => new Intl.RelativeTimeFormat(tag, options))

/** The browser's clock, a second at a time; whoever shows an age reads it and is drawn again as it grows. */
export const now = signal(Date.now())

export function startClock(): void {
  setInterval(() => {
    now.value = Date.now()
  }, 1000)
}

/** How far the gateway's clock is ahead of the browser's, in milliseconds. */
export const clockOffset = signal(0)
let isExact = false

/** The gateway has just said what time it is. Once it says so exactly, what is only roughly so no longer counts. */
export function learnClock(time: number, how: "exactly" | "roughly"): void {
  if (how === "roughly" && isExact) return
  isExact ||= how === "exactly"
  const offset = time - Date.now()
  clockOffset.value = Math.abs(offset) < 2000 ? 0 : offset // less is the network, and no difference to anyone
}

/** The gateway's time, by which every time it tells is meant. */
export function gatewayNow(): number {
  return now.value + clockOffset.value
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** "12 s ago", "3 min ago", "in 5 days": how long ago by the gateway's clock. */
export function age(time: string | number): string {
  return since((new Date(time).getTime() - gatewayNow()) / 1000)
}

function since(seconds: number): string {
  const size = Math.abs(seconds)
  const format = relatives({ numeric: "always", style: "short" })
  if (size < 5) return language.value === "de" ? "gerade eben" : "just now"
  if (size < MINUTE) return format.format(Math.trunc(seconds), "second")
  if (size < HOUR) return format.format(Math.trunc(seconds / MINUTE), "minute")
  if (size < DAY) return format.format(Math.trunc(seconds / HOUR), "hour")
  return format.format(Math.trunc(seconds / DAY), "day")
}

/** A length of time in its largest unit: "3 days", "12 min". */
export function duration(seconds: number): string {
  const [value, unit] =
    seconds < MINUTE
      ? [seconds, "second"]
      : seconds < HOUR
        ? [seconds / MINUTE, "minute"]
        : seconds < 2 * DAY
          ? [seconds / HOUR, "hour"]
          : [seconds / DAY, "day"]
  return numbers({
    style: "unit",
    unit,
    unitDisplay: "long",
    maximumFractionDigits: 0,
  }).format(Math.floor(value))
}

/** Date and time to the second, in the browser's time zone, which it names. */
export function moment(time: string | number): string {
  return dates({ dateStyle: "medium", timeStyle: "long" }).format(new Date(time))
}

/** Day, hour and minute, for where there is little room. */
export function shortMoment(time: string | number): string {
  const day = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" } as const
  return dates(day).format(new Date(time))
}

export function clockTime(time: string | number): string {
  return dates({ timeStyle: "medium" }).format(new Date(time))
}

/** The name of the time zone that all times here are in. */
export function timeZone(): string {
  const parts = dates({ timeZoneName: "short" }).formatToParts()
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? ""
}

/** Since a time, as a length: "12 minutes". */
export function lasting(time: string | number): string {
  return duration(Math.max(0, (gatewayNow() - new Date(time).getTime()) / 1000))
}

export function date(time: string | number): string {
  return dates({ dateStyle: "medium" }).format(new Date(time))
}

/** The year 9999 is how X.509 says that there is no end (RFC 5280 4.1.2.5). */
export function isEndless(time: string): boolean {
  return time.startsWith("9999-")
}

/** Whole days until a time, by the gateway's clock; negative after it. */
export function daysUntil(time: string): number {
  return Math.floor((new Date(time).getTime() - gatewayNow()) / (DAY * 1000))
}

export function number(value: number): string {
  return numbers({ maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)
}

export function bytes(value: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const
  const step = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3))
  const unit = units[step] ?? "byte"
  const format = { style: "unit", unit, maximumFractionDigits: step === 0 ? 0 : 1 } as const
  return numbers(format).format(value / 1000 ** step)
}
