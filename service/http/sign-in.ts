import { reachesHttp } from "../access/permission.ts"
import type { User } from "../access/user.ts"
import type { Gateway } from "./ports.ts"
import { Problem } from "./problem.ts"

/**
 * Passwords under judgement at once. The queue of hashes is shared with the broker, whose devices must not wait behind
 * a flood of sign-ins.
 */
const AT_ONCE = 32

/**
 * Judges a name and a password, and answers the user that may have a token. Unknown names, wrong passwords, disabled
 * users and users with a certificate cost the same time and fail with the same words.
 */
export type SignIn = (address: string, username: string, password: string) => Promise<User>

export function openSignIn({ directory, passwords, attempts }: Gateway): SignIn {
  let underWay = 0

  /** The user as it is after the hashing, which takes its time; undefined when the credential is not its own. */
  const judged = async (username: string, password: string): Promise<User | undefined> => {
    const hash = hashOf(directory.users.get(username))
    const right = await passwords.verify(username, hash, Buffer.from(password))
    const user = directory.users.get(username)
    return right && hashOf(user) === hash ? user : undefined
  }

  return async (address, username, password) => {
    if (!directory.claimed) throw new Problem("not-claimed", "nobody can sign in before the claim; POST /api/v1/claim")
    if (underWay >= AT_ONCE) throw new Problem("busy", "too many people sign in at once", { headers: SOON })
    underWay++
    let user: User | undefined
    try {
      const outcome = await attempts.attempt(address, username, async () => {
        user = await judged(username, password)
        return user !== undefined
      })
      if (typeof outcome === "number") throw tooMany(outcome)
    } finally {
      underWay--
    }
    if (user === undefined) throw unauthenticated("the username or the password is wrong")
    if (reachesHttp({ permissions: directory.rights(user) })) return user
    throw new Problem("forbidden", `${username} has no right to use this API; ask an administrator for a role`)
  }
}

const SOON = { "Retry-After": "1" }

/** RFC 6750 3: every 401 names the scheme. */
export function unauthenticated(detail: string): Problem {
  return new Problem("unauthenticated", detail, { headers: { "WWW-Authenticate": 'Bearer realm="gatehouse"' } })
}

export function tooMany(seconds: number): Problem {
  return new Problem("too-many-attempts", `too many wrong attempts; try again in ${seconds} s`, {
    headers: { "Retry-After": String(seconds) },
  })
}

function hashOf(user: User | undefined): string | undefined {
  return user?.enabled && user.grant.kind === "password" ? user.grant.hash : undefined
}
