import { createHash, randomBytes } from "node:crypto"
import type { Directory } from "../access/directory.ts"
import { intersection } from "../access/intersection.ts"
import { credentialOf, type KeptToken } from "../access/kept-tokens.ts"
import type { Permission } from "../access/permission.ts"
import type { User } from "../access/user.ts"
import type { Clock } from "../clock.ts"

const MOST = 1000
/** One user's scripts, signing in again and again, must not push out everyone else. */
const MOST_PER_USER = 50
/** How long a password counts as just given. */
export const CONFIRMED_MS = 5 * 60_000
export const IDLE_MS = 15 * 60_000

/** A browser's session; the token of one sign-in; a token that a program keeps. */
export type PassKind = "session" | "sign-in" | "kept"

/** What someone who proved who they are comes back with. The secret itself is kept by nobody but them. */
export interface Pass {
  /** Names the pass and opens nothing. */
  readonly id: string
  readonly kind: PassKind
  readonly username: string
  readonly label: string | undefined
  /** The most a kept token may do; undefined where it is all that its user may. */
  readonly scope: readonly Permission[] | undefined
  /** Milliseconds since the epoch, as the other times of the wall clock. */
  readonly createdAt: number
  readonly expiresAt: number
  readonly lastUsedAt: number | undefined
  /** Where it was used last, and before that where it was made. */
  readonly address: string
}

type Held = { -readonly [name in keyof Pass]: Pass[name] } & {
  readonly digest: string
  /** Mark of the password in force when it was given: another one ends it. */
  credential: string
  /** On the monotonic clock, as the next two: a jump of the date neither ends a pass nor revives it. */
  readonly until: number
  usedAt: number
  confirmedUntil: number
  /** Its user is changing the password with this very pass, which is to survive that. */
  staying: boolean
}

export interface Wish {
  readonly kind: PassKind
  readonly ttlMs: number
  readonly address: string
  readonly label?: string
  readonly scope?: readonly Permission[]
}

export interface Judged {
  readonly pass: Pass
  readonly user: User
  readonly rights: readonly Permission[]
  readonly confirmed: boolean
}

/** Every pass in use: 256 random bits each, in memory only as SHA-256, judged by the directory as it is at the moment. */
export class Passes implements Disposable {
  readonly #directory: Directory
  readonly #clock: Clock
  readonly #held = new Map<string, Held>() // by digest, the oldest first
  readonly #onEnd: (pass: Pass) => void
  readonly #stopListening: () => void

  /** `onEnd` is told of each pass that ends before anyone asked for it by name. */
  constructor(directory: Directory, clock: Clock, onEnd: (pass: Pass) => void = () => {}) {
    this.#directory = directory
    this.#clock = clock
    this.#onEnd = onEnd
    // at once, not at the next request: a user disabled and enabled again must not find an old pass alive
    this.#stopListening = directory.onChange(() => this.#sweep())
  }

  /** A new pass. Whoever gets it has just proved who they are, unless it is one for a program to keep. */
  issue(user: User, { kind, ttlMs, address, label, scope }: Wish): { readonly secret: string; readonly pass: Pass } {
    if (kind !== "kept") this.#makeRoom(user.username)
    const secret = (kind === "session" ? "" : "gh_") + randomBytes(32).toString("base64url")
    const digest = digestOf(secret)
    const now = this.#clock.now()
    const held = this.#holding({ kind, digest, label, scope, address, username: user.username }, now, now + ttlMs)
    held.credential = credentialOf(user) ?? ""
    if (kind !== "kept") held.confirmedUntil = held.usedAt + CONFIRMED_MS
    this.#held.set(digest, held)
    return { secret, pass: held }
  }

  /** Puts back a kept token as the disk has it; one that would not be valid any more is left out. */
  restore(kept: KeptToken): void {
    const held = this.#holding({ ...kept, kind: "kept" }, kept.createdAt, kept.expiresAt)
    held.credential = kept.credential
    held.lastUsedAt = kept.lastUsedAt
    if (this.#userOf(held) !== undefined) this.#held.set(kept.digest, held)
  }

  /**
   * Whose pass this is and what it may do; undefined for anything not valid. Counts as a use from that address; without
   * one it counts as none.
   */
  judge(secret: string, kinds: readonly PassKind[], address: string | undefined): Judged | undefined {
    const held = this.#held.get(digestOf(secret))
    if (held === undefined || !kinds.includes(held.kind)) return undefined
    const judged = this.#judged(held)
    if (judged === undefined || address === undefined) return judged
    held.usedAt = this.#clock.elapsed()
    held.lastUsedAt = this.#clock.now()
    held.address = address
    return judged
  }

  /** As `judge`, of a pass that came in before; counts as no use. */
  look(id: string): Judged | undefined {
    const held = this.#find(id)
    return held && this.#judged(held)
  }

  /** All that are valid, the oldest first. */
  list(): Pass[] {
    return [...this.#held.values()].filter((held) => this.#userOf(held) !== undefined)
  }

  digest(id: string): string | undefined {
    return this.#find(id)?.digest
  }

  end(id: string): void {
    const held = this.#find(id)
    if (held !== undefined) this.#held.delete(held.digest)
  }

  /** Its user has just given the password again. */
  confirm(id: string): void {
    const held = this.#find(id)
    if (held !== undefined) held.confirmedUntil = this.#clock.elapsed() + CONFIRMED_MS
  }

  /** Changes the user's password while this one pass outlives the change; all others of the user end. */
  async surviving(id: string, change: () => Promise<User | undefined>): Promise<User | undefined> {
    const held = this.#find(id)
    if (held === undefined) return change()
    held.staying = true
    try {
      const user = await change()
      if (user !== undefined) held.credential = credentialOf(user) ?? ""
      return user
    } finally {
      held.staying = false
      this.#sweep()
    }
  }

  [Symbol.dispose](): void {
    this.#stopListening()
    this.#held.clear()
  }

  #holding(
    what: Pick<Held, "kind" | "digest" | "username" | "label" | "scope" | "address">,
    createdAt: number,
    expiresAt: number,
  ): Held {
    const usedAt = this.#clock.elapsed()
    const { kind, digest, username, label, scope, address } = what
    const times = { createdAt, expiresAt, lastUsedAt: undefined, usedAt, until: usedAt + expiresAt - this.#clock.now() }
    const id = digest.slice(0, 32)
    return { id, digest, kind, username, label, scope, address, ...times, ...UNPROVED }
  }

  #find(id: string): Held | undefined {
    for (const held of this.#held.values()) if (held.id === id) return held
    return undefined
  }

  #judged(held: Held): Judged | undefined {
    const user = this.#userOf(held)
    if (user === undefined) return undefined
    const all = this.#directory.rights(user)
    const rights = held.scope === undefined ? all : intersection(all, held.scope)
    return { pass: held, user, rights, confirmed: this.#clock.elapsed() < held.confirmedUntil }
  }

  #userOf(held: Held): User | undefined {
    const now = this.#clock.elapsed()
    if (now >= held.until || (held.kind === "session" && now >= held.usedAt + IDLE_MS)) return undefined
    const user = this.#directory.users.get(held.username)
    return user?.enabled && credentialOf(user) === held.credential ? user : undefined
  }

  #sweep(): void {
    for (const [digest, held] of this.#held) {
      if (held.staying || this.#userOf(held) !== undefined) continue
      this.#held.delete(digest)
      this.#onEnd(held)
    }
  }

  /** Sign-ins push out the oldest sign-in; what a program keeps is never pushed out. */
  #makeRoom(username: string): void {
    this.#sweep()
    const all = [...this.#held.values()].filter(({ kind }) => kind !== "kept")
    const own = all.filter((held) => held.username === username)
    const surplus = own.length >= MOST_PER_USER ? own[0] : all.length >= MOST ? all[0] : undefined
    if (surplus !== undefined) this.#held.delete(surplus.digest)
  }
}

const UNPROVED = { credential: "", confirmedUntil: 0, staying: false }

function digestOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex")
}
