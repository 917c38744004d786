import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { elapsed } from "../load/closed-loop.ts"
import { connectPacket, DISCONNECT, type Login } from "../load/packets.ts"

const SIDE = 32
const LATE_MS = 20_000

/** Clients that come, are let in, and go, as many side by side as the gateway serves. */
export class ConnectStorm {
  count = 0
  #stopped = false

  constructor(port: number, login: Login) {
    const visit = async (id: string, number: number) => {
      const socket = await opened(port, `127.67.0.${(number % 250) + 1}`)
      socket.write(connectPacket(id, 4, login))
      if (await answered(socket)) this.count++
      if (socket.writable) socket.write(DISCONNECT)
      socket.resetAndDestroy()
    }
    for (let i = 0; i < SIDE; i++)
      void forever(
        () => this.#stopped,
        (number) => visit(`storm-${i}`, number),
      )
  }

  stop(): void {
    this.#stopped = true
  }
}

/** Wrong passwords for a right name, from ever new addresses, so that the guard cannot turn them away unhashed. */
export class LoginStorm {
  count = 0
  #stopped = false
  #number = 0

  constructor(port: number, username: string) {
    const attempt = async () => {
      const number = this.#number++
      const socket = await opened(port, `127.68.${(number >> 8) & 255}.${((number & 255) % 254) + 1}`)
      socket.write(connectPacket(`guess-${number}`, 4, { username, password: `wrong ${number}` }))
      if (await answered(socket)) this.count++
      socket.resetAndDestroy()
    }
    for (let i = 0; i < SIDE; i++) void forever(() => this.#stopped, attempt)
  }

  stop(): void {
    this.#stopped = true
  }
}

async function forever(stopped: () => boolean, work: (number: number) => Promise<void>): Promise<void> {
  for (let number = 0; !stopped(); number++) {
    try {
      await work(number)
    } catch {
      await elapsed(50) // turned away at the socket
    }
  }
}

async function opened(port: number, from: string): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, localAddress: from, noDelay: true })
  const late = setTimeout(() => socket.destroy(new Error("no answer")), LATE_MS)
  socket.once("close", () => clearTimeout(late))
  await once(socket, "connect")
  socket.on("error", () => {})
  return socket
}

/** Whether CONNACK came, whatever it says. */
function answered(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.once("data", () => resolve(true))
    socket.once("close", () => resolve(false))
  })
}
