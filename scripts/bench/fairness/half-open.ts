import { connect, type Socket } from "node:net"
import { elapsed } from "../load/closed-loop.ts"

/** The head of a TLS record that never comes to its end: the gateway must wait for the rest. */
const BEGINNING = Buffer.from("16030102000100", "hex")
/** One attacker, one address. */
const FROM = "127.66.0.1"
/** Connections begun in one go. */
const AT_ONCE = 200
const PATIENCE_MS = 60_000

/** TLS handshakes that were begun and are never finished; each that the gateway ends is begun anew. */
export class HalfOpen {
  readonly #port: number
  readonly #wanted: number
  readonly #open = new Set<Socket>()
  readonly #timer: NodeJS.Timeout
  /** Closed by the gateway within a second: it did not let them in. */
  turnedAway = 0

  private constructor(port: number, wanted: number) {
    this.#port = port
    this.#wanted = wanted
    this.#timer = setInterval(() => this.#fill(), 20)
  }

  /** Resolves once as many hang as wanted, or the gateway lets no more in. */
  static async start(port: number, wanted: number): Promise<HalfOpen> {
    const attack = new HalfOpen(port, wanted)
    const until = performance.now() + PATIENCE_MS
    while (attack.count < wanted && performance.now() < until && attack.turnedAway < 2 * wanted) await elapsed(50)
    return attack
  }

  get count(): number {
    return this.#open.size
  }

  stop(): void {
    clearInterval(this.#timer)
    for (const socket of this.#open) socket.resetAndDestroy()
  }

  #fill(): void {
    for (let i = 0; i < AT_ONCE && this.#open.size < this.#wanted; i++) {
      const socket = connect({ host: "127.0.0.1", port: this.#port, localAddress: FROM })
      const begun = performance.now()
      this.#open.add(socket)
      socket.on("error", () => {})
      socket.once("connect", () => socket.write(BEGINNING))
      socket.once("close", () => {
        this.#open.delete(socket)
        if (performance.now() - begun < 1000) this.turnedAway++
      })
    }
  }
}
