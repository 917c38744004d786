import type { Clock } from "../clock.ts"
import type { IssueLog } from "./issue-log.ts"
import type { Issuer } from "./profile.ts"
import { revocationList } from "./revocation-list.ts"
import { NOT_BEFORE } from "./validity.ts"

const MINUTE = 60_000

/** What our authority has revoked, as a list for others. */
export class Revocations {
  readonly #log: IssueLog
  readonly #issuer: Issuer
  readonly #clock: Clock
  #last: { readonly ended: number; readonly thisUpdate: number; readonly der: Buffer } | undefined

  constructor(log: IssueLog, issuer: Issuer, clock: Clock) {
    this.#log = log
    this.#issuer = issuer
    this.#clock = clock
  }

  /** DER. Signed anew only when the log has more that ended. */
  list(): Buffer {
    const { ended } = this.#log
    if (this.#last?.ended !== ended) this.#last = { ended, ...this.#signed(ended) }
    return this.#last.der
  }

  #signed(ended: number): { readonly thisUpdate: number; readonly der: Buffer } {
    const authority = this.#issuer.keyId.toString("hex")
    const revoked = this.#log
      .entries()
      .filter((entry) => entry.authority === authority && (entry.state === "revoked" || entry.state === "superseded"))
      .map(({ serial, change }) => ({ serial, at: Math.max(change?.at ?? 0, NOT_BEFORE), reason: change?.reason }))
    // a list from the future makes a server refuse every device, and of two lists with one thisUpdate OpenSSL took the
    // older: so lists begin a minute ago, and each a second after the last
    const thisUpdate = Math.max(this.#clock.now() - MINUTE, NOT_BEFORE, (this.#last?.thisUpdate ?? 0) + 1000)
    return { thisUpdate, der: revocationList({ revoked, number: ended + 1, thisUpdate }, this.#issuer) }
  }
}
