/** Every topic filter of up to four levels over a small alphabet, and every topic name of up to five that matters. */

const FIRST = ["a", "b", "", "$SYS"]
const LATER = ["a", "b", ""]

/** "" is no topic name; `z` stands for any level no filter speaks of. */
export const NAMES: readonly string[] = sequences([...FIRST, "z"], [...LATER, "z"], 5).filter((name) => name !== "")

const PLAIN = sequences([...FIRST, "+"], [...LATER, "+"], 4).filter((filter) => filter !== "")
const HASHED = sequences([...FIRST, "+"], [...LATER, "+"], 3).map((filter) => `${filter}/#`)

export const FILTERS: readonly string[] = [...PLAIN, ...HASHED, "#"]

/** MQTT 4.7 as written, by regular expression: nothing here is shared with the code under test. */
export function matcherOf(filter: string): (name: string) => boolean {
  const pattern = filter
    .replace(/[$.*?()[\]{}|^\\]/g, "\\$&")
    .replace(/(^|\/)\+(?=\/|$)/g, "$1[^/]*") // 4.7.1.3: exactly one level, which may be empty
    .replace(/(^|\/)\+(?=\/|$)/g, "$1[^/]*") // the neighbours that the first pass stepped over
    .replace(/^#$/, ".*")
    .replace(/\/#$/, "(/.*)?") // 4.7.1.2: the parent level and all below
  const expression = new RegExp(`^${pattern}$`, "s")
  const wild = filter.startsWith("+") || filter.startsWith("#")
  return (name) => !(wild && name.startsWith("$")) && expression.test(name) // [MQTT-4.7.2-1]
}

/** Which of `NAMES` the filter matches, one bit for each. */
export function matchesOf(filter: string): Uint32Array {
  const matches = matcherOf(filter)
  const bits = new Uint32Array(Math.ceil(NAMES.length / 32))
  for (const [i, name] of NAMES.entries()) {
    if (matches(name)) bits[i >> 5]! |= 1 << (i & 31)
  }
  return bits
}

export function isSubset(small: Uint32Array, large: Uint32Array): boolean {
  return small.every((word, i) => (word & ~large[i]!) === 0)
}

function sequences(first: readonly string[], later: readonly string[], longest: number): string[] {
  let longer: string[] = [...first]
  const all = [...longer]
  for (let levels = 2; levels <= longest; levels++) {
    longer = longer.flatMap((head) => later.map((level) => `${head}/${level}`))
    all.push(...longer)
  }
  return all
}
