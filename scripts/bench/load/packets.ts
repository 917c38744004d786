import { generate, type IConnectPacket } from "mqtt-packet"

export type Version = 4 | 5
export type QoS = 0 | 1 | 2

/** Bytes of each message's payload, as in the tables of the reference. */
export const PAYLOAD_BYTES = 100

/** A device's way in: a password, or nothing, where the TLS layer has shown its certificate. */
export interface Login {
  readonly username?: string
  readonly password?: string
}

export function connectPacket(clientId: string, version: Version, login: Login): Buffer {
  const packet: IConnectPacket = {
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: version,
    clean: true,
    clientId,
    keepalive: 0,
    ...(login.username === undefined ? {} : { username: login.username }),
    ...(login.password === undefined ? {} : { password: Buffer.from(login.password) }),
  }
  return generate(packet)
}

export function subscribePacket(filter: string, qos: QoS, version: Version): Buffer {
  return generate(
    { cmd: "subscribe", messageId: 1, subscriptions: [{ topic: filter, qos }] },
    { protocolVersion: version },
  )
}

export function publishPacket(topic: string, qos: QoS, messageId: number, version: Version): Buffer {
  const payload = Buffer.alloc(PAYLOAD_BYTES, 0x61)
  const head = { cmd: "publish", topic, payload, qos, dup: false, retain: false } as const
  return generate(qos === 0 ? head : { ...head, messageId }, { protocolVersion: version })
}

export const DISCONNECT = Buffer.from([0xe0, 0])

/** Called for each packet: its first byte, and where its body lies in `bytes`. */
export type OnPacket = (first: number, bytes: Buffer, from: number, end: number) => void

/** Finds the packets in a byte stream, without making objects of them. */
export class Scanner {
  #rest: Buffer | undefined

  scan(chunk: Buffer, onPacket: OnPacket): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (at + 2 <= bytes.length) {
      let length = 0
      let next = at + 1
      let shift = 0
      let byte = 128
      while (byte > 127 && next < bytes.length) {
        byte = bytes[next++] as number
        length |= (byte & 127) << shift
        shift += 7
      }
      if (byte > 127 || next + length > bytes.length) break
      onPacket(bytes[at] as number, bytes, next, next + length)
      at = next + length
    }
    this.#rest = at === bytes.length ? undefined : bytes.subarray(at)
  }
}
