/** What makes a topic name and a topic filter well-formed (4.7, 4.8.2). Works on text whose characters were checked. */

const SHARE = "$share/"

/** The longest UTF-8 encoded string, in bytes (1.5.4, 4.7.3). */
const LONGEST_TEXT = 65535

/** At least one character [MQTT-4.7.3-1], no wildcard [MQTT-3.3.2-2], no U+0000 [MQTT-4.7.3-2], at most 65,535 bytes [MQTT-4.7.3-3]. */
export function isTopicName(text: string): boolean {
  return text.length > 0 && !hasWildcard(text) && !text.includes("\0") && fits(text)
}

export function hasWildcard(text: string): boolean {
  return text.includes("#") || text.includes("+")
}

/** Why `text` is no topic filter, or null when it is one. Names as `$share/…` give themselves are another matter: `shareProblem`. */
export function filterProblem(text: string): string | null {
  if (text.includes("\0")) return "a topic filter must not hold U+0000 [MQTT-4.7.3-2]"
  if (!fits(text)) return "a topic filter is over 65,535 bytes [MQTT-4.7.3-3]"
  if (text.length === 0) return "a topic filter must not be empty [MQTT-4.7.3-1]"
  return wildcardProblem(text)
}

/** Why a filter that begins like a shared subscription, `$share/{ShareName}/{filter}`, is none; null for every other filter. */
export function shareProblem(text: string): string | null {
  if (!text.startsWith(SHARE)) return null
  const slash = text.indexOf("/", SHARE.length)
  if (slash < 0) return "a shared subscription needs a topic filter after its share name [MQTT-4.8.2-2]"
  if (slash === SHARE.length) return "a share name must not be empty [MQTT-4.8.2-1]"
  if (hasWildcard(text.slice(SHARE.length, slash))) return "a share name must not hold a wildcard [MQTT-4.8.2-2]"
  return slash + 1 === text.length ? "a topic filter must not be empty [MQTT-4.7.3-1]" : null
}

/**
 * The two parts of a shared subscription's filter, or null for any other filter. `$share` alone is an ordinary filter:
 * only `$share/` marks a shared one (4.8.2). The filter must have passed `filterProblem` and `shareProblem`.
 */
export function parseShare(filter: string): { group: string; filter: string } | null {
  if (!filter.startsWith(SHARE)) return null
  const slash = filter.indexOf("/", SHARE.length)
  return { group: filter.slice(SHARE.length, slash), filter: filter.slice(slash + 1) }
}

/** Each wildcard fills its whole level, and `#` the last one [MQTT-4.7.1-1, -2]. */
function wildcardProblem(text: string): string | null {
  if (!hasWildcard(text)) return null
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char !== "#" && char !== "+") continue
    const alone = (at === 0 || text[at - 1] === "/") && (at + 1 === text.length || text[at + 1] === "/")
    if (!alone) return `"${char}" must fill a whole level [MQTT-4.7.1-1, -2]`
    if (char === "#" && at + 1 < text.length) return '"#" must be the last level [MQTT-4.7.1-1]'
  }
  return null
}

function fits(text: string): boolean {
  // No UTF-16 unit takes more than three bytes: only long texts need counting.
  return text.length * 3 <= LONGEST_TEXT || Buffer.byteLength(text) <= LONGEST_TEXT
}
