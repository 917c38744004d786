import { type OpenPort, serialBinding } from "../../../service/serial/binding.ts"
import { PortFault } from "../../../service/serial/port-fault.ts"

/** What a device was given, as its TLS library would find it: PEM. */
export interface Holdings {
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

/**
 * A device played from its documentation, as a state machine of its own: it never sees a dialect, accepts nothing that
 * the real device would not, and keeps a list of what was asked of it in vain.
 */
export abstract class Player {
  /** Everything the real device would have taken for a mistake of the gateway. A test expects none. */
  readonly complaints: string[] = []
  /** Everything that was received. */
  received = ""
  /** Set by the cable. */
  send: (text: string) => void = () => {}

  /** What it prints when its port is opened or its power comes. */
  powerUp(): void {}

  /** Bytes from the gateway, one character each. */
  take(bytes: string): void {
    this.received += bytes
    this.receive(bytes)
  }

  protected abstract receive(bytes: string): void

  abstract holdings(): Holdings
}

/** Plays a device on one end of a pty pair. */
export async function playOn(path: string, player: Player): Promise<AsyncDisposable> {
  const port = await serialBinding.open(path, 115_200)
  let sent = Promise.resolve() // one write after the other: of two at once the port may take the second first
  player.send = (text) => {
    sent = sent.then(() => port.write(Buffer.from(text, "latin1"))).catch(() => {})
  }
  const into = Buffer.alloc(4096)
  const live = (async () => {
    for (;;) player.take(into.subarray(0, await port.read(into)).toString("latin1"))
  })().catch(() => {}) // the cable was pulled
  player.powerUp()
  return {
    [Symbol.asyncDispose]: async () => {
      await port.close()
      await live
    },
  }
}

/** A cable in memory between a player and a `SerialLine`. */
export function plugIn(player: Player): OpenPort & { pull(): void } {
  let waiting: { into: Buffer; resolve(count: number): void; reject(fault: unknown): void } | undefined
  let sent = Buffer.alloc(0)
  let gone = false
  const deliver = () => {
    if (waiting === undefined || sent.length === 0) return
    const count = sent.copy(waiting.into)
    sent = sent.subarray(count)
    waiting.resolve(count)
    waiting = undefined
  }
  const end = () => {
    gone = true
    waiting?.reject(PortFault.gone("player"))
    waiting = undefined
  }
  player.send = (text) => {
    sent = Buffer.concat([sent, Buffer.from(text, "latin1")])
    deliver()
  }
  player.powerUp()
  return {
    read: (into) =>
      new Promise((resolve, reject) => {
        if (gone) return reject(PortFault.gone("player"))
        waiting = { into, resolve, reject }
        deliver()
      }),
    write: async (bytes) => {
      if (gone) throw PortFault.gone("player")
      setImmediate(() => player.take(bytes.toString("latin1")))
    },
    setBaudRate: async () => {},
    set: async () => {},
    close: async () => end(),
    pull: end,
  }
}
