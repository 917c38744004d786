import { createHash } from "node:crypto"
import type { Clock } from "../clock.ts"
import { GatewayError } from "../errors.ts"
import type { Accounts } from "./accounts.ts"
import { type Actor, assertMayTouch } from "./actor.ts"
import type { Directory } from "./directory.ts"
import type { Passwords } from "./password.ts"
import { passwordProblem } from "./password-rule.ts"
import { reachesHttp } from "./permission.ts"
import { OWN_ISSUER, type User, username } from "./user.ts"
import type { NewUser } from "./user-input.ts"

/** Somebody new at the door, and how it proved who it is. */
export type Stranger = { readonly name: string; readonly address: string } & (
  | { readonly method: "certificate"; readonly issuer: string; readonly fingerprint: string; readonly spkiHash: string }
  | { readonly method: "request"; readonly spkiHash: string }
  | { readonly method: "password"; readonly password: Buffer }
)

/** A stranger as it is remembered, for a person to decide about. Times are milliseconds since the epoch. */
export interface Candidate {
  readonly id: string
  readonly name: string
  readonly method: Stranger["method"]
  readonly address: string
  /** SHA-256 of the certificate. */
  readonly fingerprint: string | undefined
  /** SHA-256 of the SubjectPublicKeyInfo. */
  readonly publicKey: string | undefined
  readonly issuer: string | undefined
  readonly count: number
  readonly first: number
  readonly last: number
}

type Held = Candidate & { readonly hash: string | undefined }

export interface RegistryParts {
  readonly directory: Directory
  readonly accounts: Pick<Accounts, "create">
  readonly passwords: Pick<Passwords, "hash">
  readonly clock: Clock
}

export const WINDOW_MS = 5 * 60_000
const MOST = 100

/**
 * Self-registration, closed by default: a person opens it for five minutes, whoever is unknown is refused but
 * remembered, and a person allows it, choosing its roles. Nobody is let in by this alone.
 */
export class Registry {
  readonly #parts: RegistryParts
  readonly #held = new Map<string, Held>()
  /** Public keys of requests that were allowed, and for whom. */
  readonly #allowed = new Map<string, string>()
  readonly #listeners = new Set<(candidate: Candidate) => void>()
  #until = 0
  #hashing = 0

  constructor(parts: RegistryParts) {
    this.#parts = parts
  }

  /** Milliseconds for which it is still open; 0 when it is closed. */
  get openFor(): number {
    return Math.max(0, this.#until - this.#parts.clock.elapsed())
  }

  open(): void {
    this.#until = this.#parts.clock.elapsed() + WINDOW_MS
  }

  /** Closes it; what proves a password is forgotten. */
  close(): void {
    this.#until = 0
    this.#forgetPasswords()
  }

  /** The latest first. */
  list(): Candidate[] {
    this.#forgetPasswords()
    return [...this.#held.values()].reverse().map(({ hash: _, ...candidate }) => candidate)
  }

  onCandidate(listener: (candidate: Candidate) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Remembers a stranger while the registry is open; false when it is not. Of a password only its hash is kept. */
  async remember(stranger: Stranger): Promise<boolean> {
    const { name } = stranger
    if (this.openFor === 0 || !username.safeParse(name).success) return false
    const id = idOf(stranger)
    const known = this.#held.get(id)
    if (known === undefined && !this.#makeRoom()) return true
    if (stranger.method !== "password") return this.#keep(id, stranger, undefined)
    if (passwordProblem(stranger.password.toString(), name, false) !== null) return true
    // one hash a stranger, and one at a time: what is unknown must not keep the others' passwords waiting
    if (known?.hash !== undefined || this.#hashing > 0) return this.#keep(id, stranger, known?.hash)
    this.#hashing++
    try {
      const hash = await this.#parts.passwords.hash(stranger.password.toString())
      return this.openFor > 0 && this.#keep(id, stranger, hash)
    } finally {
      this.#hashing--
    }
  }

  /**
   * Makes a user of a candidate. Rejects with `not-found`, `conflict` (its password was forgotten with the window, a
   * password for HTTP rights) and as `Accounts.create`.
   */
  async allow(actor: Actor, id: string, wanted: Pick<NewUser, "roles" | "permissions" | "note">): Promise<User> {
    const candidate = this.#find(id)
    const { directory, accounts } = this.#parts
    const grant = grantOf(candidate)
    const web = wanted.roles.some((name) => reachesHttp(directory.roles.get(name) ?? { permissions: [] }))
    if (candidate.method === "password" && (web || reachesHttp(wanted))) {
      throw new GatewayError(
        "conflict",
        "who registers by itself with a password gets no HTTP rights; make a user for it",
      )
    }
    const existing = directory.users.get(candidate.name)
    const waits = candidate.method === "request" && existing?.grant.kind === "certificate"
    if (waits) assertMayTouch(actor, directory, existing)
    const user =
      waits && existing.grant.kind === "certificate" && existing.grant.issuer === OWN_ISSUER
        ? existing
        : await accounts.create(actor, { username: candidate.name, grant, enabled: true, ...wanted })
    if (candidate.method === "request" && candidate.publicKey) this.#allowed.set(candidate.publicKey, candidate.name)
    this.#held.delete(id)
    return user
  }

  /** Forgets a candidate. Throws `not-found`. */
  forget(id: string): void {
    this.#held.delete(this.#find(id).id)
  }

  /** That key has its certificate now. */
  settled(spkiHash: string): void {
    this.#allowed.delete(spkiHash)
  }

  /** The user for whom a person allowed this key to be certified; undefined when nobody did. */
  allowedFor(spkiHash: string): string | undefined {
    return this.#allowed.get(spkiHash)
  }

  #find(id: string): Held {
    this.#forgetPasswords()
    const candidate = this.#held.get(id)
    if (candidate !== undefined) return candidate
    throw new GatewayError("not-found", "there is no such candidate; see the list, and let it come again")
  }

  #keep(id: string, stranger: Stranger, hash: string | undefined): true {
    const now = this.#parts.clock.now()
    const known = this.#held.get(id)
    const { name, method, address } = stranger
    const candidate = {
      ...{ id, name, method, address, hash },
      fingerprint: stranger.method === "certificate" ? stranger.fingerprint : undefined,
      publicKey: stranger.method === "password" ? undefined : stranger.spkiHash,
      issuer: stranger.method === "certificate" ? stranger.issuer : undefined,
      ...{ count: (known?.count ?? 0) + 1, first: known?.first ?? now, last: now },
    }
    this.#held.delete(id)
    this.#held.set(id, candidate)
    const { hash: _, ...shown } = candidate
    for (const listener of this.#listeners) listener(shown)
    return true
  }

  /** The first to come stay: whoever floods the registry must not push out who was there before. */
  #makeRoom(): boolean {
    this.#forgetPasswords()
    return this.#held.size < MOST
  }

  #forgetPasswords(): void {
    if (this.openFor > 0) return
    for (const [id, { method }] of this.#held) if (method === "password") this.#held.delete(id)
  }
}

/** Not pinned to the key: it is renewed with another one. */
function grantOf({ method, issuer = OWN_ISSUER, hash }: Held): NewUser["grant"] {
  if (method !== "password") return { kind: "certificate", issuer }
  if (hash !== undefined) return { kind: "password", passwordHash: hash }
  throw new GatewayError("conflict", "its password is not known yet; let it connect once more")
}

/** The same stranger again is the same candidate. A password is none of what tells strangers apart. */
function idOf(stranger: Stranger): string {
  const proof = stranger.method === "password" ? stranger.address : stranger.spkiHash
  return createHash("sha256").update(`${stranger.method}\0${stranger.name}\0${proof}`).digest("hex").slice(0, 32)
}
