import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: Error) => void
}

/** QEMU's control socket: one command at a time, JSON lines (QEMU, docs/interop/qmp-spec). */
export class Qmp implements Disposable {
  readonly #socket: Socket
  readonly #waiting: Waiting[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    const lines = createInterface(socket)
    lines.on("line", (line) => this.#take(JSON.parse(line)))
    // readline passes on the socket's errors; closing is what counts
    lines.on("error", () => {})
    socket.on("error", () => {})
    socket.on("close", () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error("qemu has ended"))
    })
  }

  static async open(path: string): Promise<Qmp> {
    const qmp = new Qmp(await connected(path))
    await qmp.run("qmp_capabilities")
    return qmp
  }

  run(execute: string, args: object = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`)
    })
  }

  /** A line of the human monitor; what it says on failure comes as text, and is thrown here. */
  async monitor(line: string): Promise<void> {
    const said = String(await this.run("human-monitor-command", { "command-line": line })).trim()
    if (said !== "") throw new Error(`${line}: ${said}`)
  }

  #take(message: { return?: unknown; error?: { desc: string } }): void {
    if (!("return" in message) && !("error" in message)) return
    const waiting = this.#waiting.shift()
    if (message.error !== undefined) waiting?.reject(new Error(message.error.desc))
    else waiting?.resolve(message.return)
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

/** Connects to a socket that is about to come into being. */
export async function connected(path: string): Promise<Socket> {
  for (let attempt = 0; ; attempt++) {
    const socket = connect(path)
    try {
      await once(socket, "connect")
      return socket
    } catch (error) {
      if (attempt === 600) throw error
      await sleep(100)
    }
  }
}
