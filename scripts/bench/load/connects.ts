import { once } from "node:events"
import type { Socket } from "node:net"
import type { TLSSocket } from "node:tls"
import { processorTime } from "../process-stat.ts"
import { Client, type Door, openSocket, type Session } from "./client.ts"
import type { Measured } from "./closed-loop.ts"
import { connectPacket, DISCONNECT } from "./packets.ts"

export interface ConnectsOrder {
  readonly door: Door
  readonly pid: number
  /** Clients that come and go side by side. */
  readonly side: number
  /** Whether TLS sessions are resumed. */
  readonly resumed: boolean
  readonly warmUpMs: number
  readonly measureMs: number
  /** Connections at most: each leaves a port behind that rests for a minute. */
  readonly most: number
}

/** Clients that connect, get their CONNACK, disconnect, and come again. One operation is one CONNACK. */
export async function connects(order: ConnectsOrder): Promise<Measured & { readonly resumed: number }> {
  const count = { done: 0, resumed: 0 }
  const until = performance.now() + order.warmUpMs
  const sessions: Session[] = Array.from({ length: order.side }, () => ({ ticket: undefined }))
  const comeAndGo = (end: () => boolean) =>
    Promise.all(
      sessions.map(async (session, i) => {
        while (!end()) await visit(order, i, session, count)
      }),
    )
  await comeAndGo(() => performance.now() >= until || count.done >= order.most / 4)
  const before = { ...count, microseconds: processorTime(order.pid), at: performance.now() }
  await comeAndGo(
    () => performance.now() - before.at >= order.measureMs || count.done - before.done >= order.most - order.side,
  )
  const operations = count.done - before.done
  return {
    operations,
    microseconds: processorTime(order.pid) - before.microseconds,
    seconds: (performance.now() - before.at) / 1000,
    resumed: (count.resumed - before.resumed) / operations,
  }
}

async function visit(
  order: ConnectsOrder,
  index: number,
  session: Session,
  count: { done: number; resumed: number },
): Promise<void> {
  const socket = await openSocket(order.door, index, order.resumed ? session : undefined)
  await greet(socket, order.door, index)
  if (order.resumed && session.ticket === undefined) await once(socket, "session")
  count.done++
  if (isResumed(socket)) count.resumed++
  const gone = once(socket, "close")
  socket.end(DISCONNECT)
  socket.resume()
  await gone
}

function greet(socket: Socket, door: Door, index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject)
    socket.once("close", () => reject(new Error("the broker closed the connection; CONNACK was expected")))
    socket.once("data", (bytes: Buffer) => {
      if (bytes[0] === 0x20 && bytes[3] === 0) resolve()
      else reject(new Error(`the broker refused: ${bytes.toString("hex")}`))
    })
    socket.write(connectPacket(`bench-${index}`, 4, door.login))
  })
}

function isResumed(socket: Socket): boolean {
  return "isSessionReused" in socket && (socket as TLSSocket).isSessionReused()
}

/** One connection to see that the broker is there and lets us in; a password is verified here for the first time. */
export async function knock({ door }: { readonly door: Door }): Promise<void> {
  const client = await Client.connect(door, 0, "bench-knock", 4)
  await client.close()
}
