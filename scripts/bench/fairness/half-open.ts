import { connect, type Socket } from "node:net"
import { Duplex } from "node:stream"
import { connect as connectTls } from "node:tls"
import { elapsed } from "../load/closed-loop.ts"

/** The head of a TLS record that never comes to its end: the gateway must wait for the rest. */
const BEGINNING = Buffer.from("16030102000100", "hex")
/** One attacker, one address. */
const FROM = "127.66.0.1"
/** Connections begun in one go. */
const AT_ONCE = 200
const PATIENCE_MS = 60_000

/** The bytes that a TLS client begins with, all of them: the gateway must answer with a signature, and wait. */
function wholeHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const write = (chunk: Buffer, _encoding: string, done: () => void) => {
      resolve(chunk)
      done()
    }
    connectTls({ socket: new Duplex({ read: () => {}, write }), rejectUnauthorized: false }).on("error", () => {})
  })
}

/**
 * TLS handshakes that were begun and are never finished; each that the gateway ends is begun anew. Every second one stalls
 * in the middle of its ClientHello, the others right after it.
 */
export class HalfOpen {
  readonly #port: number
  readonly #wanted: number
  readonly #open = new Set<Socket>()
  readonly #hello: Buffer
  #begun = 0
  readonly #timer: NodeJS.Timeout
  /** Closed by the gateway within a second: it did not let them in. */
  turnedAway = 0

  private constructor(port: number, wanted: number, hello: Buffer) {
    this.#port = port
    this.#hello = hello
    this.#wanted = wanted
    this.#timer = setInterval(() => this.#fill(), 20)
  }

  /** Resolves once as many hang as wanted, or the gateway lets no more in. */
  static async start(port: number, wanted: number): Promise<HalfOpen> {
    const attack = new HalfOpen(port, wanted, await wholeHello())
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
      // with `allowHalfOpen` nothing is under way when the socket is reset, which would leave its descriptor behind
      const socket = connect({ host: "127.0.0.1", port: this.#port, localAddress: FROM, allowHalfOpen: true })
      const begun = performance.now()
      this.#open.add(socket)
      socket.on("error", () => {})
      socket.resume() // who never reads does not learn that it was closed, and would count as standing
      socket.once("end", () => socket.resetAndDestroy())
      const bytes = this.#begun++ % 2 === 0 ? BEGINNING : this.#hello
      socket.once("connect", () => socket.write(bytes))
      socket.once("close", () => {
        this.#open.delete(socket)
        if (performance.now() - begun < 1000) this.turnedAway++
      })
    }
  }
}
