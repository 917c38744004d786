import type { Operation, Permission } from "./permission.ts"

/**
 * What two sets of rights have in common, as rights: for a token that was given a part of a user's rights, and must
 * neither keep what the user has lost nor gain what the user is given later.
 */
export function intersection(a: readonly Permission[], b: readonly Permission[]): Permission[] {
  const common = new Map<string, Permission>()
  for (const one of a) {
    for (const other of b) {
      const both = one.context === other.context ? shared(one, other) : null
      if (both !== null) common.set(`${both.context} ${both.operation} ${both.resource}`, both)
    }
  }
  return [...common.values()]
}

/** Of each right only the reading. */
export function readingOnly(rights: readonly Permission[]): Permission[] {
  return rights.filter(({ operation }) => operation !== "write").map((right) => ({ ...right, operation: "read" }))
}

function shared(one: Permission, other: Permission): Permission | null {
  const operation = sharedOperation(one.operation, other.operation)
  const resource = operation === null ? null : sharedFilter(one.resource, other.resource)
  return operation === null || resource === null ? null : { context: one.context, operation, resource }
}

function sharedOperation(a: Permission["operation"], b: Permission["operation"]): Permission["operation"] | null {
  const both = (["read", "write"] as const satisfies Operation[]).filter((one) => speaks(a, one) && speaks(b, one))
  return both.length === 2 ? "readWrite" : (both[0] ?? null)
}

function speaks(operation: Permission["operation"], one: Operation): boolean {
  return operation === one || operation === "readWrite"
}

/**
 * The filter of everything that both filters name; null when there is nothing. `%u` and `%c` are levels like any
 * other: `%u` and a name have nothing in common, which errs on the narrow side.
 */
export function sharedFilter(a: string, b: string): string | null {
  const [left, right] = [a.split("/"), b.split("/")]
  if ((isWild(left[0]) && b.startsWith("$")) || (isWild(right[0]) && a.startsWith("$"))) return null // [MQTT-4.7.2-1]
  const levels: string[] = []
  for (let i = 0; ; i++) {
    const [l, r] = [left[i], right[i]]
    if (l === undefined && r === undefined) return levels.join("/")
    if (l === "#") return [...levels, ...right.slice(i)].join("/") // it names its parent too
    if (r === "#") return [...levels, ...left.slice(i)].join("/")
    if (l === undefined || r === undefined) return null
    if (l !== r && l !== "+" && r !== "+") return null
    levels.push(l === "+" ? r : l)
  }
}

function isWild(level: string | undefined): boolean {
  return level === "+" || level === "#"
}
