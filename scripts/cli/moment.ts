const UNITS = [
  ["year", 365 * 86_400],
  ["day", 86_400],
  ["h", 3600],
  ["min", 60],
] as const

/** A moment in local time and how far away it is: `2026-11-23 14:37 (3 min ago)`. */
export function moment(iso: string, now = Date.now()): string {
  const at = new Date(iso)
  const two = (number: number) => String(number).padStart(2, "0")
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())} (${age(at.getTime(), now)})`
}

function age(at: number, now: number): string {
  const apart = lasting(Math.abs(now - at) / 1000)
  return at > now ? `in ${apart}` : `${apart} ago`
}

/** A span of time in its largest unit. */
export function lasting(seconds: number): string {
  for (const [name, size] of UNITS) {
    const count = Math.floor(seconds / size)
    if (count < (name === "year" ? 2 : 1)) continue
    const several = count > 1 && (name === "day" || name === "year")
    return `${count} ${name}${several ? "s" : ""}`
  }
  return `${Math.floor(seconds)} s`
}
