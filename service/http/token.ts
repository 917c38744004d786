import { createHash, randomBytes } from "node:crypto"
import type { Directory } from "../access/directory.ts"
import type { User } from "../access/user.ts"
import type { Clock } from "../clock.ts"

const MOST = 1000
/** One user's scripts, signing in again and again, must not push out everyone else. */
const MOST_PER_USER = 50

interface Held {
  readonly username: string
  /** The password hash in force when the token was given: another one ends it. */
  readonly hash: string
  /** On the monotonic clock: a jump of the date neither ends tokens nor revives them. */
  readonly until: number
}

export interface Tokens extends Disposable {
  /** A new token for a user with a password. The token itself is kept by nobody but the client. */
  issue(user: User, ttlSeconds: number): { readonly token: string; readonly expiresAt: string }
  /** Whose token this is, judged by the directory as it is now; undefined for anything not valid. */
  judge(token: string): { readonly id: string; readonly user: User } | undefined
  /** Ends a token by its id. */
  end(id: string): void
}

/** The tokens in use: 256 random bits each, in memory only as SHA-256. A restart ends them all. */
export function openTokens(directory: Directory, clock: Clock): Tokens {
  const held = new Map<string, Held>() // oldest first
  const valid = (token: Held): User | undefined => {
    const user = clock.elapsed() < token.until ? directory.users.get(token.username) : undefined
    return user?.enabled && hashOf(user) === token.hash ? user : undefined
  }
  const sweep = () => {
    for (const [id, token] of held) if (valid(token) === undefined) held.delete(id)
  }
  const makeRoom = (username: string) => {
    sweep()
    const own = [...held].filter(([, token]) => token.username === username)
    const surplus = own.length >= MOST_PER_USER ? own[0]?.[0] : held.size >= MOST ? held.keys().next().value : undefined
    if (surplus !== undefined) held.delete(surplus)
  }
  // at once, not at the next request: a user disabled and enabled again must not find an old token alive
  const stopListening = directory.onChange(sweep)
  return {
    issue(user, ttlSeconds) {
      makeRoom(user.username)
      const token = `gh_${randomBytes(32).toString("base64url")}`
      const until = clock.elapsed() + ttlSeconds * 1000
      held.set(idOf(token), { username: user.username, hash: hashOf(user) ?? "", until })
      return { token, expiresAt: new Date(clock.now() + ttlSeconds * 1000).toISOString() }
    },
    judge(token) {
      const id = idOf(token)
      const known = held.get(id)
      const user = known && valid(known)
      return user && { id, user }
    },
    end: (id) => void held.delete(id),
    [Symbol.dispose]() {
      stopListening()
      held.clear()
    },
  }
}

/** The token of an Authorization header; undefined for any other scheme or form. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +(gh_[A-Za-z0-9_-]{43})$/i.exec(header ?? "")?.[1]
}

function idOf(token: string): string {
  return createHash("sha256").update(token).digest("hex")
}

function hashOf(user: User): string | undefined {
  return user.grant.kind === "password" ? user.grant.hash : undefined
}
