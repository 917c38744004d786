/** Semantic versions, as far as the order of releases needs them (semver.org 2.0.0, clause 11). */

const VERSION = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?$/

export function isVersion(text: string): boolean {
  return VERSION.test(text)
}

/** Negative when `left` comes before `right`. Throws on what is no version. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [parts(left), parts(right)]
  for (const index of [0, 1, 2] as const) {
    const difference = a.numbers[index] - b.numbers[index]
    if (difference !== 0) return difference
  }
  return comparePreRelease(a.preRelease, b.preRelease)
}

function parts(text: string) {
  const [, major, minor, patch, preRelease] = VERSION.exec(text) ?? []
  if (major === undefined) throw new Error(`${text} is no version`)
  const numbers = [Number(major), Number(minor), Number(patch)] as const
  return { numbers, preRelease: preRelease === undefined ? [] : preRelease.split(".") }
}

/** A release comes after its pre-releases; numbers come before words; more fields come after fewer. */
function comparePreRelease(left: readonly string[], right: readonly string[]): number {
  if (left.length === 0 || right.length === 0) return right.length - left.length
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [a, b] = [left[index], right[index]]
    if (a === undefined || b === undefined) return a === undefined ? -1 : 1
    const difference = compareField(a, b)
    if (difference !== 0) return difference
  }
  return 0
}

function compareField(left: string, right: string): number {
  const [a, b] = [left, right].map((field) => /^\d+$/.test(field))
  if (a && b) return Number(left) - Number(right)
  if (a !== b) return a ? -1 : 1
  return left < right ? -1 : left > right ? 1 : 0
}
