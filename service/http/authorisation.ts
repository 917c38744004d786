import { isAdministrator } from "../access/access-document.ts"
import { Policy } from "../access/policy.ts"
import { API } from "./contract.ts"
import type { Asker } from "./identification.ts"
import { Problem } from "./problem.ts"
import type { Route } from "./route.ts"

type Params = Readonly<Record<string, string | readonly string[]>>

/**
 * Throws `forbidden` unless the actor holds the right to the route's resource. Nothing is allowed by default. What is
 * judged is the matched template with its decoded parameters, never the raw path.
 */
export function authorise(route: Route, params: Params, { actor, pass }: Pick<Asker, "actor" | "pass">): void {
  if (route.access === "public" || route.access === "token") return
  if (route.access === "person") return assertPerson(pass)
  const resource = resourceOf(route.path, params)
  const policy = Policy.compile(actor.rights, "http", actor.name, undefined, undefined)
  const may = route.access === "read" ? policy.mayRead(resource) : policy.mayWrite(resource)
  if (!may)
    throw new Problem("forbidden", `${actor.name} has no permission to ${route.access} this; ask an administrator`)
  if (route.administratorOnly && !isAdministrator(actor.rights)) {
    throw new Problem("forbidden", `this belongs to administrators; ${actor.name} is none`)
  }
}

/** A program with a kept token acts within its rights; for its user's own affairs the user signs in. */
function assertPerson(pass: Asker["pass"]): void {
  if (pass?.kind !== "kept") return
  throw new Problem("forbidden", "this is not for kept tokens; sign in with the password")
}

/** The path below the API's root that permissions speak of: as many levels as the template, whatever the parameters. */
export function resourceOf(template: string, params: Params): string {
  const below = template.startsWith(`${API}/`) ? template.slice(API.length) : template
  return below
    .split("/")
    .map((level) => (level.startsWith(":") ? asLevel(params[level.slice(1)]) : level))
    .join("/")
}

/**
 * A parameter as one level. A slash would open another level, + and # would be wildcards, and % would make two
 * different parameters look the same; no permission can name such a level, so only a wildcard covers it.
 */
function asLevel(param: string | readonly string[] | undefined): string {
  if (typeof param !== "string" || param === "") throw new Problem("bad-request", "a part of the address is missing")
  return param.replace(/[/+#%\0]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`)
}
