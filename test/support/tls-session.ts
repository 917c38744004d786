import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls"
import mqttPacket from "mqtt-packet"
import type { Device } from "./device.ts"
import type { TestGateway } from "./gateway.ts"

/** One mTLS connection with an MQTT 3.1.1 CONNECT on it, TLS session in hand. */
export class TlsSession {
  readonly #socket: TLSSocket
  readonly returnCode: number
  readonly #tickets: Buffer[]

  constructor(socket: TLSSocket, returnCode: number, tickets: Buffer[]) {
    this.#socket = socket
    this.returnCode = returnCode
    this.#tickets = tickets
  }

  get resumed(): boolean {
    return this.#socket.isSessionReused()
  }

  async ticket(): Promise<Buffer> {
    const [ticket] = this.#tickets
    return ticket ?? ((await once(this.#socket, "session"))[0] as Buffer)
  }

  /** Whether the gateway ends the connection within so many milliseconds. */
  async ended(ms: number): Promise<boolean> {
    if (this.#socket.closed) return true
    const timer = new AbortController()
    const late = new Promise<boolean>((resolve) => {
      const waiting = setTimeout(() => resolve(false), ms)
      timer.signal.addEventListener("abort", () => clearTimeout(waiting))
    })
    const gone = once(this.#socket, "close").then(() => true)
    const answer = await Promise.race([gone, late])
    timer.abort()
    return answer
  }

  async close(): Promise<void> {
    const gone = once(this.#socket, "close")
    this.#socket.end()
    await gone
  }
}

export async function connectTls(
  test: TestGateway,
  device: Device,
  { version, ticket }: { version?: "TLSv1.2" | "TLSv1.3"; ticket?: Buffer } = {},
): Promise<TlsSession> {
  const options: ConnectionOptions = {
    host: "127.0.0.1",
    port: test.port("mqtts"),
    servername: "localhost",
    ca: await readFile(test.cafile),
    cert: await readFile(device.chain),
    key: await readFile(device.key),
    ...(version === undefined ? {} : { minVersion: version, maxVersion: version }),
    ...(ticket === undefined ? {} : { session: ticket }),
  }
  const socket = connect(options)
  const tickets: Buffer[] = []
  socket.on("session", (session: Buffer) => tickets.push(session))
  socket.on("error", () => {})
  await once(socket, "secureConnect")
  const parser = mqttPacket.parser()
  const connack = once(parser, "packet")
  socket.on("data", (chunk: Buffer) => parser.parse(chunk))
  socket.write(
    mqttPacket.generate({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: true,
      clientId: `${device.name}-tls`,
      keepalive: 60,
    }),
  )
  const [packet] = (await connack) as [{ returnCode: number }]
  return new TlsSession(socket, packet.returnCode, tickets)
}
