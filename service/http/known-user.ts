import type { Directory } from "../access/directory.ts"
import type { User } from "../access/user.ts"
import { Problem } from "./problem.ts"

/** The user of that name; throws `not-found`. */
export function knownUser(directory: Directory, name: string): User {
  const user = directory.users.get(name)
  if (user === undefined) throw new Problem("not-found", `there is no user ${name}`)
  return user
}
