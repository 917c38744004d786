import type { Ledger } from "../durable/ledger.ts"
import type { Outgoing } from "./outgoing.ts"

/**
 * PUBRELs to one client, in the order of its PUBRECs [MQTT-4.6.0-4]. Each waits until the disk knows of the PUBREC where the
 * message lies there: after a crash it would else be sent a second time.
 */
export class Releases {
  readonly #ledger: Pick<Ledger, "release">
  readonly #send: (item: Outgoing) => void
  /** Those that wait for the disk. */
  #waiting = 0

  constructor(ledger: Pick<Ledger, "release">, send: (item: Outgoing) => void) {
    this.#ledger = ledger
    this.#send = send
  }

  /** The receiver has sent PUBREC, for the first time or again. */
  add(item: Outgoing): void {
    if (item.releasing) return
    const isFirst = !item.released
    item.released = true
    if (!isFirst || (item.stored === 0 && this.#waiting === 0)) return this.#send(item)
    item.releasing = true
    this.#waiting++
    this.#ledger.release(item, () => {
      item.releasing = false
      this.#waiting--
      this.#send(item)
    })
  }
}
