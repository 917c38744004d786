import { z } from "zod"
import { covers, isTopicFilter } from "./topic.ts"
import { isUsername } from "./username.ts"

/**
 * One thing a user may do. For MQTT, read is subscribe and write is publish, and the resource is a topic filter. For
 * HTTP the resource is a path in the same filter language, beginning with `/`. In both, `%u` stands for the username
 * and `%c` for the client identifier, each as a whole level. There is no deny rule.
 */
export interface Permission {
  readonly context: "mqtt" | "http"
  readonly operation: "read" | "write" | "readWrite"
  readonly resource: string
}

/** What a client wants to do at one moment. */
export type Operation = "read" | "write"

export const permissionSchema = z
  .strictObject({
    context: z.enum(["mqtt", "http"]),
    operation: z.enum(["read", "write", "readWrite"]),
    resource: z.string().min(1).max(1024),
  })
  .superRefine((permission, context) => {
    const problem = resourceProblem(permission)
    if (problem !== null) context.addIssue({ code: "custom", path: ["resource"], message: problem })
  })

/** Why a resource cannot be granted, as a sentence; null when it can. */
function resourceProblem({ context, operation, resource }: Permission): string | null {
  if (!isTopicFilter(resource)) {
    return `"${resource}" is not a topic filter: + must fill a level, # must be the last level`
  }
  if (resource.split("/").some((level) => level.includes("%") && level !== "%u" && level !== "%c")) {
    return `in "${resource}", % may only appear as a whole level %u or %c`
  }
  if (context === "http") return resource.startsWith("/") ? null : `the HTTP resource "${resource}" must begin with /`
  if (resource === "$share" || resource.startsWith("$share/"))
    return `"${resource}": grant the filter itself; shared subscriptions follow it`
  if (operation !== "read" && resource.startsWith("$SYS"))
    return "$SYS belongs to the gateway; only read can be granted"
  return null
}

/** Does the permission speak about this context and operation at all? */
export function speaksOf(permission: Permission, context: Permission["context"], operation: Operation): boolean {
  return permission.context === context && (permission.operation === operation || permission.operation === "readWrite")
}

/** Does a role or a user's own list hold any HTTP right? Its passwords are then a person's. */
export function reachesHttp({ permissions }: { readonly permissions: readonly Permission[] }): boolean {
  return permissions.some((permission) => permission.context === "http")
}

/**
 * The resource with `%u` and `%c` filled in, or null when it is void: a client identifier that breaks the rule for
 * usernames could smuggle a wildcard or a level, so it makes every permission with `%c` void.
 */
export function substituted(resource: string, username: string, clientId: string | undefined): string | null {
  if (!resource.includes("%")) return resource
  if (resource.includes("%c") && (clientId === undefined || !isUsername(clientId))) return null
  return resource
    .split("/")
    .map((level) => (level === "%u" ? username : level === "%c" ? clientId : level))
    .join("/")
}

/**
 * Do `held` rights include `wanted`, for whoever may hold it later? `%u` and `%c` in the wanted resource may become
 * any single level; in a held one they stand for the holder alone and so include nothing of another's: else a holder
 * of `devices/%u/#` could set the password of any device that holds the same.
 */
export function includes(held: readonly Permission[], wanted: Permission): boolean {
  const operations: Operation[] = wanted.operation === "readWrite" ? ["read", "write"] : [wanted.operation]
  const widest = wanted.resource
    .split("/")
    .map((level) => (level === "%u" || level === "%c" ? "+" : level))
    .join("/")
  return operations.every((operation) =>
    held.some((permission) => speaksOf(permission, wanted.context, operation) && covers(permission.resource, widest)),
  )
}

/** A permission in the words of the page and the command line. */
export function inWords({ context, operation, resource }: Permission): string {
  return `${operation} ${context === "http" ? "HTTP " : ""}${resource}`
}
