import { createServer } from "node:net"
import { type Binding, bind, closed, type Entrance, type Listener, passTurnstile } from "./listener.ts"
import { plainAddress } from "./turnstile.ts"

/** Bytes read per turn and socket. */
export const READ_BYTES = 65536

/** MQTT over plain TCP, for passwords on networks that the configuration says are safe. */
export async function listenTcp(binding: Binding, entrance: Entrance): Promise<Listener> {
  const server = createServer({ noDelay: true, highWaterMark: READ_BYTES }, (socket) => {
    if (!passTurnstile(socket, entrance.turnstile)) return
    const origin = { listener: "mqtt", address: plainAddress(socket.remoteAddress), certificate: undefined } as const
    entrance.enter(socket, origin, true)
  })
  const port = await bind(server, "mqtt", binding)
  return { name: "mqtt", port, swap: () => {}, close: () => closed(server) }
}
