import { argon2, hash as digest, randomBytes, timingSafeEqual } from "node:crypto"
import { promisify } from "node:util"
import { GatewayError } from "../errors.ts"

/** RFC 9106 argon2id with the OWASP parameters for 19 MiB: about 20 ms on a server core, a fifth of a second on a Pi. */
const COST = { memory: 19456, passes: 2, parallelism: 1 } as const
const SALT_BYTES = 16
const TAG_BYTES = 32
/** Verifications that may wait for a free slot; beyond, the caller is told to come back. */
const WAITING = 1000
/** Credentials remembered as verified, so that a reconnect storm costs no second hash. */
const REMEMBERED = 20_000

const derive = promisify(argon2)

export const MAX_PASSWORD_BYTES = 1024

/**
 * Hashes and verifies passwords off the event loop, at most `slots` at a time, so that a storm of wrong ones can take
 * neither all cores nor all memory.
 */
export class Passwords {
  readonly #key = randomBytes(32)
  readonly #remembered = new Map<string, string>()
  readonly #decoy: Promise<string>
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(slots: number) {
    this.#free = Math.max(1, slots)
    this.#decoy = this.#hashNow(randomBytes(16).toString("hex"))
    this.#decoy.catch(() => {}) // a failure shows at the first verification
  }

  /** A PHC string with a fresh salt. Throws `busy` when too many wait. */
  async hash(password: string): Promise<string> {
    return this.#inSlot(() => this.#hashNow(password))
  }

  /** Whether this very credential was verified before by this process; no hash, no waiting. */
  remembers(username: string, hash: string, password: Buffer): boolean {
    return this.remembersMark(username, this.mark(hash, password))
  }

  /** The same for who has the mark at hand. */
  remembersMark(username: string, mark: string): boolean {
    return this.#remembered.get(username) === mark
  }

  /**
   * Whether the password is the user's. `hash` undefined means there is no such user or no such grant: the same work is
   * done against a decoy, so that the time of the answer tells nothing. Throws `busy` when too many wait.
   */
  async verify(username: string, hash: string | undefined, password: Buffer): Promise<boolean> {
    if (hash !== undefined && this.remembers(username, hash, password)) return true
    const phc = parsePhc(hash ?? (await this.#decoy))
    const tag = await this.#inSlot(() =>
      derive("argon2id", {
        message: password.subarray(0, MAX_PASSWORD_BYTES),
        nonce: phc.salt,
        memory: phc.memory,
        passes: phc.passes,
        parallelism: phc.parallelism,
        tagLength: phc.tag.length,
      }),
    )
    const same = timingSafeEqual(tag, phc.tag) && password.length <= MAX_PASSWORD_BYTES && hash !== undefined
    if (same) this.#remember(username, hash, password)
    return same
  }

  forget(username: string): void {
    this.#remembered.delete(username)
  }

  async #hashNow(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES)
    const tag = await derive("argon2id", { message: password, nonce: salt, ...COST, tagLength: TAG_BYTES })
    const b64 = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "")
    return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${b64(salt)}$${b64(tag)}`
  }

  async #inSlot<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else {
      if (this.#waiting.length >= WAITING) {
        throw new GatewayError("busy", "too many passwords are being checked at once; try again in a few seconds")
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }

  #remember(username: string, hash: string, password: Buffer): void {
    if (this.#remembered.size >= REMEMBERED) this.#remembered.clear()
    this.#remembered.set(username, this.mark(hash, password))
  }

  /**
   * Stands for one password tried against one hash, in this process only; tells neither. The key in front does what an
   * HMAC would, a tenth as dear: nobody but this process ever sees a mark that could be extended.
   */
  mark(hash: string, password: Buffer): string {
    return digest("sha256", Buffer.concat([this.#key, Buffer.from(`${hash}\0`), password]), "base64")
  }
}

interface Phc {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
  readonly salt: Buffer
  readonly tag: Buffer
}

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

function parsePhc(text: string): Phc {
  const match = PHC.exec(text)
  if (match === null) throw new GatewayError("document-damaged", "a stored password hash is not an argon2id PHC string")
  const [, memory, passes, parallelism, salt = "", tag = ""] = match
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, "base64"),
    tag: Buffer.from(tag, "base64"),
  }
}

/** Whether a hash made elsewhere can be taken over, with a cost that neither starves the box nor is worthless. */
export function isPasswordHash(text: string): boolean {
  const match = PHC.exec(text)
  if (match === null) return false
  const memory = Number(match[1])
  return memory >= 8192 && memory <= 65536 && Number(match[2]) >= 1 && Number(match[2]) <= 10 && Number(match[3]) === 1
}
