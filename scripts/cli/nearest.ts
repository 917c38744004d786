/** The candidate a person most likely meant; undefined when none is near. */
export function nearest(typed: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.ceil(typed.length / 3)) + 1
  for (const candidate of candidates) {
    const apart = candidate.startsWith(typed) ? 1 : distance(typed, candidate)
    if (apart >= least) continue
    least = apart
    best = candidate
  }
  return best
}

/** Levenshtein: how many letters to insert, drop or change. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, changed))
    }
    above = row
  }
  return above[b.length]!
}
