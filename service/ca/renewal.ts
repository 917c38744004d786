import type { Directory } from "../access/directory.ts"
import { OWN_ISSUER, type User } from "../access/user.ts"
import type { Clock } from "../clock.ts"
import { GatewayError, reasonOf } from "../errors.ts"
import type { Logger } from "../log.ts"
import type { Authority, Issued } from "./authority.ts"
import { parseCsr } from "./csr.ts"
import type { IssueEntry, IssueLog } from "./issue-log.ts"
import { renewAfter } from "./validity.ts"
import type { Trusted } from "./verdict.ts"

export interface RenewalParts {
  readonly directory: Pick<Directory, "users" | "certificateLifetime">
  readonly authority: Pick<Authority, "issue" | "reissued">
  readonly log: IssueLog
  readonly clock: Clock
  readonly logger: Logger
}

/** New certificates one user may get in an hour; each costs a line of the log for ever. */
const MOST_PER_HOUR = 6
const HOUR = 3_600_000
/** Users whose requests are under way at once. */
const AT_ONCE = 20

/**
 * A device's next certificate. Who asks is known from TLS alone; the old certificate stays good until the new one has
 * made its first connection.
 */
export class Renewal {
  readonly #parts: RenewalParts
  /** By user: one after the other, so that a request that is repeated finds what the first was given. */
  readonly #queue = new Map<string, Promise<unknown>>()

  constructor(parts: RenewalParts) {
    this.#parts = parts
    for (const entry of parts.log.entries()) if (entry.state === "active") this.#supersede(entry)
  }

  /**
   * Certifies the key of a request for whoever showed this certificate. The same request again is given the same
   * certificate, as long as that waits for its first connection: an answer that was lost costs nothing. Rejects with
   * `forbidden`, `csr-refused`, `busy`, `too-many-attempts` and `disk-failed`.
   */
  renew(shown: Trusted, csr: string | Buffer, through: "mqtt" | "https"): Promise<Issued> {
    const name = shown.commonName
    const before = this.#queue.get(name)
    if (before === undefined && this.#queue.size >= AT_ONCE) {
      return Promise.reject(new GatewayError("busy", "too many devices renew at once; ask again in a minute"))
    }
    const turn = (before ?? Promise.resolve()).then(() => this.#renew(shown, csr, through))
    const settled = turn.catch(() => {})
    this.#queue.set(name, settled)
    settled.then(() => this.#queue.get(name) === settled && this.#queue.delete(name))
    return turn
  }

  /** The log's entry of a certificate of ours that was shown and judged. Throws `forbidden` for any other. */
  entryOf({ serial, issuer }: Trusted): IssueEntry {
    const entry = issuer === OWN_ISSUER ? this.#parts.log.find(serial) : undefined
    if (entry !== undefined) return entry
    throw new GatewayError("forbidden", "this certificate is of an outside authority; ask there")
  }

  /**
   * A certificate was seen in a connection. True when that was its first; a predecessor has then served its time.
   */
  seen(serial: string): boolean {
    const { log, clock } = this.#parts
    if (!log.activate(serial, clock.now())) return false
    const entry = log.find(serial)
    if (entry !== undefined) this.#supersede(entry)
    return true
  }

  async #renew(shown: Trusted, csr: string | Buffer, through: string): Promise<Issued> {
    const { directory, authority, log } = this.#parts
    const user = holderOf(directory, shown)
    const verdict = parseCsr(csr)
    if (!verdict.ok) throw new GatewayError("csr-refused", verdict.sentence)
    if (user.grant.kind === "certificate" && (user.grant.publicKey ?? verdict.spkiHash) !== verdict.spkiHash) {
      throw new GatewayError(
        "csr-refused",
        `user ${user.username} is pinned to another public key; renew with the same key, or have the pin changed`,
      )
    }
    const successors = log.ofUser(user.username).filter(({ renews }) => renews !== undefined)
    const waiting = successors.findLast((one) => one.state === "pending" && one.renews === shown.serial)
    const same = waiting?.spkiHash === verdict.spkiHash && authority.reissued(waiting)
    if (same) return same
    this.#assertSeldom(user.username, successors)
    return authority.issue({
      ...{ commonName: user.username, csr, by: user.username, through, renews: shown.serial },
      lifetimeDays: directory.certificateLifetime(user),
    })
  }

  #assertSeldom(username: string, successors: readonly IssueEntry[]): void {
    const since = this.#parts.clock.now() - HOUR
    if (successors.filter(({ at }) => at > since).length < MOST_PER_HOUR) return
    throw new GatewayError(
      "too-many-attempts",
      `${username} was given ${MOST_PER_HOUR} certificates within an hour; use one of them, or come back later`,
    )
  }

  #supersede({ renews, commonName }: IssueEntry): void {
    const { log, clock, logger } = this.#parts
    const before = renews === undefined ? undefined : log.find(renews)
    if (before?.state !== "pending" && before?.state !== "active") return
    log.supersede(before.serial, commonName, clock.now()).catch((error) => {
      // it is tried again at the next start; until then two certificates are good
      logger.error("certificate not superseded", { serial: before.serial, reason: reasonOf(error) })
    })
  }
}

/** The user whose certificate this is, as it stands now. Throws `forbidden`. */
function holderOf({ users }: Pick<Directory, "users">, { commonName, issuer, spkiHash }: Trusted): User {
  const no = (sentence: string) => new GatewayError("forbidden", sentence)
  if (issuer !== OWN_ISSUER) throw no("this certificate is of an outside authority; renew it there")
  const user = users.get(commonName)
  if (user === undefined) throw no(`there is no user ${commonName}; have it created first`)
  if (!user.enabled) throw no(`the user ${commonName} is disabled; have it enabled first`)
  const { grant } = user
  const fits = grant.kind === "certificate" && grant.issuer === OWN_ISSUER && (grant.publicKey ?? spkiHash) === spkiHash
  if (!fits) throw no(`the user ${commonName} has another credential now; have its grant changed first`)
  return user
}

/** A new certificate as a device is told of it over MQTT. Times are RFC 3339. */
export function shownToDevice(issued: Issued, now: number): object {
  const { serial, certificatePem: certificate, chainPem: chain, rootPem: root, notAfter } = issued
  const date = (time: number) => new Date(time).toISOString()
  const times = { notAfter: date(notAfter), renewAfter: date(renewAfter({ at: now, notAfter })), now: date(now) }
  return { ok: true, serial, certificate, chain, root, ...times }
}
