import { reachesHttp } from "../access/permission.ts"
import { signInHash, type User } from "../access/user.ts"
import type { Gateway } from "./ports.ts"
import { Problem } from "./problem.ts"

/**
 * Passwords under judgement at once. The queue of hashes is shared with the broker, whose devices must not wait behind
 * a flood of sign-ins.
 */
const AT_ONCE = 32

/** Judges names and passwords; whatever is tried counts against who tries. */
export interface SignIn {
  /**
   * The user that may have a pass. Unknown names, wrong passwords, disabled users and users with a certificate cost the
   * same time and fail with the same words.
   */
  user(address: string, username: string, password: string): Promise<User>
  /** Throws `wrong-password` unless this is the password of someone who is in already. */
  confirm(address: string, username: string, password: string): Promise<void>
  /** Takes a one-time password back for one of the person's own; fails as `user` does, with the same words and time. */
  first(address: string, username: string, oneTime: string, next: string): Promise<User>
  /** Runs a check of this person's password and counts how it ends; throws `wrong-password` when it says no. */
  checked(address: string, username: string, check: () => Promise<boolean>): Promise<void>
}

export function openSignIn({ directory, accounts, passwords, attempts }: Gateway): SignIn {
  let underWay = 0

  /** The user as it is after the hashing, which takes its time; undefined when the credential is not its own. */
  const judged = async (username: string, password: string): Promise<User | undefined> => {
    const hash = hashOf(directory.users.get(username))
    const right = await passwords.verify(username, hash, Buffer.from(password))
    const user = directory.users.get(username)
    return right && hashOf(user) === hash ? user : undefined
  }

  const counted = async (address: string, username: string, check: () => Promise<boolean>): Promise<boolean> => {
    if (underWay >= AT_ONCE) throw new Problem("busy", "too many people sign in at once", { headers: SOON })
    underWay++
    try {
      const outcome = await attempts.attempt(address, username, check)
      if (typeof outcome === "number") throw tooMany(outcome)
      return outcome
    } finally {
      underWay--
    }
  }

  const checked: SignIn["checked"] = async (address, username, check) => {
    if (await counted(address, username, check)) return
    throw new Problem("wrong-password", "this is not your password; type it again")
  }

  return {
    checked,
    confirm: (address, username, password) =>
      checked(address, username, async () => (await judged(username, password)) !== undefined),
    async first(address, username, oneTime, next) {
      let user: User | undefined
      await counted(address, username, async () => {
        user = await accounts.takeOneTimePassword(username, oneTime, next)
        return user !== undefined
      })
      if (user !== undefined) return user
      throw unauthenticated("the username or the one-time password is wrong, or its time is over; ask for a new one")
    },
    async user(address, username, password) {
      if (!directory.claimed)
        throw new Problem("not-claimed", "nobody can sign in before the claim; POST /api/v1/claim")
      let user: User | undefined
      await counted(address, username, async () => {
        user = await judged(username, password)
        return user !== undefined
      })
      if (user === undefined) throw unauthenticated("the username or the password is wrong")
      if (reachesHttp({ permissions: directory.rights(user) })) return user
      throw new Problem("forbidden", `${username} has no right to use this API; ask an administrator for a role`)
    },
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
  return user?.enabled ? signInHash(user) : undefined
}
