/** Topic names and filters, MQTT 5 section 4.7. Both protocol generations share these rules. */

const MAX_BYTES = 65535

/** A topic name a client may publish to: at least one character, no wildcard, no U+0000 [MQTT-4.7.3-1, -2]. */
export function isTopicName(text: string): boolean {
  return text.length > 0 && !/[+#\0]/.test(text) && Buffer.byteLength(text) <= MAX_BYTES
}

/** A well-formed topic filter: `+` alone in its level, `#` alone in the last one [MQTT-4.7.1-1, -2]. `$share` is not judged here. */
export function isTopicFilter(text: string): boolean {
  if (text.length === 0 || text.includes("\0") || Buffer.byteLength(text) > MAX_BYTES) return false
  const levels = text.split("/")
  return levels.every((level, i) => {
    if (level.includes("#")) return level === "#" && i === levels.length - 1
    return level === "+" || !level.includes("+")
  })
}

/**
 * Does `filter` cover everything that `wanted` can name? A topic name is a filter without wildcards, so publishing
 * ("may I write this name?") and subscribing ("may I read all of this?") ask the same question. Both must be
 * well-formed. Never unsound; refuses a few harmless equivalents (`+/#` does not cover `#`, nor `/+/#` `/#`).
 */
export function covers(filter: string, wanted: string): boolean {
  const granted = filter.split("/")
  const asked = wanted.split("/")
  if (wanted.startsWith("$") && isWildcard(granted[0])) return false // [MQTT-4.7.2-1]
  for (const [i, level] of granted.entries()) {
    if (level === "#") return true
    if (asked[i] === undefined || asked[i] === "#") return false
    if (level !== "+" && level !== asked[i]) return false
  }
  return granted.length === asked.length
}

function isWildcard(level: string | undefined): boolean {
  return level === "+" || level === "#"
}

/**
 * The filter that a subscription is judged as: `$share/group/filter` counts as `filter` (4.8.2). A misformed one stays
 * as it is, beginning with `$share/`, which no permission can cover.
 */
export function unshared(filter: string): string {
  return SHARED.exec(filter)?.[1] ?? filter
}

const SHARED = /^\$share\/[^/+#]+\/(.+)$/s
