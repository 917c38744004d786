import type { Attempts } from "../../access/attempts.ts"
import type { Directory } from "../../access/directory.ts"
import { displayName } from "../../access/door.ts"
import type { Passwords } from "../../access/password.ts"
import type { RefusalCause } from "../../access/refusal-cause.ts"
import { signInHash, type User } from "../../access/user.ts"
import type { PresentedCertificate, Verdict } from "../../ca/trust.ts"
import { GatewayError } from "../../errors.ts"
import type { Connect } from "../wire/packet.ts"
import { Reason, type ReasonCode } from "../wire/reason.ts"

/** Where a connection came from and what its transport knows of the peer. */
export interface Origin {
  readonly listener: "mqtt" | "mqtts" | "ws" | "wss" | "https"
  /** The peer's network address, without port. */
  readonly address: string
  /** The client certificate shown in the TLS handshake; undefined: none, or a listener that asks for none. */
  readonly certificate: PresentedCertificate | undefined
}

export type GoodCertificate = Extract<Verdict, { ok: true }>

export interface Admitted {
  readonly ok: true
  readonly user: User
  /** Undefined for a password. */
  readonly certificate: GoodCertificate | undefined
}

export interface TurnedAway {
  readonly ok: false
  readonly reason: ReasonCode
  /** Stable identifier for programs. */
  readonly cause: RefusalCause
  /** For the technician, in plain words. What the client itself is told says less. */
  readonly sentence: string
  readonly name: string
  /** The good certificate of somebody of whom there is no user. */
  readonly certificate?: GoodCertificate
}

export interface AdmissionParts {
  readonly directory: Directory
  readonly passwords: Passwords
  readonly attempts: Attempts
  readonly judge: (presented: PresentedCertificate) => Verdict
}

/** CONNECT -> user. Default deny; a certificate that was shown decides alone and never falls back to a password. */
export class Admission {
  readonly #parts: AdmissionParts
  /** Checks of a password that are running, by address, name and password. */
  readonly #underway = new Map<string, Promise<boolean | number>>()

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  /** Answers at once wherever no password has to be hashed. */
  admit(connect: Connect, origin: Origin): Admitted | TurnedAway | Promise<Admitted | TurnedAway> {
    if (origin.certificate !== undefined) return this.#byCertificate(connect, origin.certificate)
    if (connect.username === undefined) {
      return refused("no-credential", Reason.notAuthorized, "", "the client gave neither a username nor a certificate")
    }
    return this.#byPassword(connect.username, connect.password, origin.address)
  }

  #byCertificate(connect: Connect, presented: PresentedCertificate): Admitted | TurnedAway {
    const judged = this.#parts.judge(presented)
    const verdict = judged.ok ? judged : judged.renewalOnly
    if (verdict === undefined) {
      const { cause, commonName = "", sentence } = judged as Extract<Verdict, { ok: false }>
      return refused(`certificate-${cause}`, Reason.notAuthorized, commonName, sentence)
    }
    const name = verdict.commonName
    const no = (cause: RefusalCause, sentence: string) => refused(cause, Reason.notAuthorized, name, sentence)
    if (connect.password !== undefined) {
      return no(
        "certificate-and-password",
        `${name} showed a certificate and sent a password too; send only one of them`,
      )
    }
    if (connect.username !== undefined && connect.username !== name) {
      return no(
        "certificate-name-differs",
        `the certificate is ${name}'s but the username says ${displayName(connect.username)}; leave the username out`,
      )
    }
    const user = this.#parts.directory.users.get(name)
    if (user === undefined)
      return {
        ...no("unknown-user", `the certificate is good, but there is no user ${name}; create it`),
        certificate: verdict,
      }
    if (!user.enabled) return no("user-disabled", `the user ${name} is disabled; enable it`)
    const mismatch = grantMismatch(user, verdict)
    return mismatch === null ? { ok: true, user, certificate: verdict } : no("wrong-grant", mismatch)
  }

  #byPassword(
    name: string,
    password: Buffer | undefined,
    address: string,
  ): Admitted | TurnedAway | Promise<Admitted | TurnedAway> {
    const { directory, passwords, attempts } = this.#parts
    const user = directory.users.get(name)
    if (password === undefined) return refusedPassword(name, user, "sent no password")
    const hash = signInHash(user)
    const mark = hash === undefined ? undefined : passwords.mark(hash, password)
    const key = mark === undefined ? "" : `${address} ${name} ${mark}`
    const underway = this.#underway.get(key)
    if (underway !== undefined) return this.#outcome(underway, name, hash, address)
    // judged before the memory is asked: a remembered password must be no quicker to guess than a hashed one
    const wait = attempts.waitNow(address, name)
    if (wait > 0) return slowedDown(name, address, wait)
    if (user?.enabled && mark !== undefined && passwords.remembersMark(name, mark)) {
      attempts.succeeded(address, name)
      return { ok: true, user, certificate: undefined }
    }
    const check = attempts.attempt(address, name, () => passwords.verify(name, hash, password))
    if (key !== "") this.#share(key, check)
    return this.#outcome(check, name, hash, address)
  }

  /** Many clients of one account that come back together cost one hash. */
  #share(key: string, check: Promise<boolean | number>): void {
    this.#underway.set(key, check)
    const done = () => this.#underway.delete(key)
    check.then(done, done)
  }

  async #outcome(
    check: Promise<boolean | number>,
    name: string,
    hash: string | undefined,
    address: string,
  ): Promise<Admitted | TurnedAway> {
    let right: boolean | number
    try {
      right = await check
    } catch (error) {
      if (!(error instanceof GatewayError && error.code === "busy")) throw error
      return refused("busy", Reason.serverBusy, displayName(name), "too many passwords were being checked at once")
    }
    if (typeof right === "number") return slowedDown(name, address, right)
    const user = this.#parts.directory.users.get(name) // as it stands now: it may have changed while the hash was made
    if (right && user?.enabled && hash !== undefined && signInHash(user) === hash) {
      return { ok: true, user, certificate: undefined }
    }
    return refusedPassword(name, user, "sent a wrong password")
  }
}

function slowedDown(name: string, address: string, seconds: number): TurnedAway {
  const shown = displayName(name)
  const sentence = `${shown} at ${address} sent wrong passwords; the next try counts in ${seconds} s`
  return refused("too-many-attempts", Reason.connectionRateExceeded, shown, sentence)
}

/** Why this certificate, good in itself, is not the user's credential; null when it is. */
function grantMismatch(user: User, certificate: GoodCertificate): string | null {
  const { grant, username } = user
  if (grant.kind !== "certificate") {
    return `the user ${username} signs in with a password, not with a certificate; change its grant or the device`
  }
  if (grant.issuer !== certificate.issuer) {
    return `the user ${username} must show a certificate of ${grant.issuer}; this one is of ${certificate.issuer}`
  }
  if (grant.publicKey !== undefined && grant.publicKey !== certificate.spkiHash) {
    return `the user ${username} is pinned to another public key; renew the pin if the device got a new key`
  }
  return null
}

/** One answer to the client for every reason; what really was wrong is for the technician. */
function refusedPassword(name: string, user: User | undefined, otherwise: string): TurnedAway {
  const shown = displayName(name)
  const refuse = (cause: RefusalCause, sentence: string) =>
    refused(cause, Reason.badUserNameOrPassword, shown, sentence)
  if (user === undefined) return refuse("unknown-user", `there is no user ${shown}; create it or correct the device`)
  if (user.grant.kind === "certificate") {
    return refuse("wrong-grant", `the user ${shown} must show its certificate over TLS; it came without one`)
  }
  if (!user.enabled) return refuse("user-disabled", `the user ${shown} is disabled; enable it`)
  if (signInHash(user) === undefined) {
    return refuse(
      "one-time-password",
      `${shown} has a one-time password and must first choose one of its own at the page`,
    )
  }
  return refuse("wrong-password", `${shown} ${otherwise}; correct the device or set a new password`)
}

function refused(cause: RefusalCause, reason: ReasonCode, name: string, sentence: string): TurnedAway {
  return { ok: false, reason, cause, sentence, name }
}
