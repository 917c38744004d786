import { once } from "node:events"
import type { Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { connected } from "./qmp.ts"

export const BROADCAST = Buffer.from("ffffffffffff", "hex")
const OWN_MAC = Buffer.from("020000000007", "hex")
const IPV4 = 0x0800
const UDP = 17
const HEADERS = 14 + 20 + 8

/** What one UDP datagram of the wire says. */
export interface Datagram {
  readonly from: string
  readonly fromPort: number
  readonly toPort: number
  readonly payload: Buffer
}

export interface Sent {
  /** The address it claims to come from. */
  readonly from: string
  readonly fromPort: number
  readonly to: string
  readonly toPort: number
  readonly mac: Buffer
  readonly payload: Buffer
}

/**
 * The other end of a network cable of the machine: frames as they are, without an operating system in between. QEMU puts
 * the length of each before it, four bytes (net/stream.c).
 */
export class Ethernet implements Disposable {
  readonly mac = OWN_MAC
  readonly #socket: Socket
  readonly #heard: Datagram[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    let rest = Buffer.alloc(0)
    socket.on("error", () => {})
    socket.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
        const end = 4 + rest.readUInt32BE(0)
        const datagram = udpOf(rest.subarray(4, end))
        if (datagram !== undefined) this.#heard.push(datagram)
        rest = rest.subarray(end)
      }
    })
  }

  static async open(path: string): Promise<Ethernet> {
    return new Ethernet(await connected(path))
  }

  async send(sent: Sent): Promise<void> {
    const frame = udpFrame(sent)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(frame.length)
    if (!this.#socket.write(Buffer.concat([length, frame]))) await once(this.#socket, "drain")
  }

  /**
   * Sends it again every three seconds until `read` finds an answer in what came since; undefined when none came within
   * `seconds`.
   */
  async ask<T>(sent: Sent, read: (heard: Datagram) => T | undefined, seconds: number): Promise<T | undefined> {
    this.#heard.length = 0
    const until = performance.now() + seconds * 1000
    while (performance.now() < until) {
      await this.send(sent)
      await sleep(3000)
      for (const heard of this.#heard.splice(0)) {
        const found = read(heard)
        if (found !== undefined) return found
      }
    }
    return undefined
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

/** Undefined for everything but UDP over IPv4 in one piece. */
function udpOf(frame: Buffer): Datagram | undefined {
  if (frame.length < HEADERS || frame.readUInt16BE(12) !== IPV4 || frame[23] !== UDP) return undefined
  const at = 14 + (frame[14]! & 15) * 4
  const length = frame.readUInt16BE(at + 4)
  return {
    from: frame.subarray(26, 30).join("."),
    fromPort: frame.readUInt16BE(at),
    toPort: frame.readUInt16BE(at + 2),
    payload: Buffer.from(frame.subarray(at + 8, at + length)),
  }
}

function udpFrame({ from, fromPort, to, toPort, mac, payload }: Sent): Buffer {
  const frame = Buffer.alloc(HEADERS + payload.length)
  mac.copy(frame, 0)
  OWN_MAC.copy(frame, 6)
  frame.writeUInt16BE(IPV4, 12)
  const ip = frame.subarray(14, 34)
  ip.set([0x45, 0])
  ip.writeUInt16BE(28 + payload.length, 2)
  // time to live 255, as mDNS wants it (RFC 6762, clause 11)
  ip.set([255, UDP], 8)
  ip.set(octets(from), 12)
  ip.set(octets(to), 16)
  ip.writeUInt16BE(checksum(ip), 10)
  const udp = frame.subarray(34)
  udp.writeUInt16BE(fromPort, 0)
  udp.writeUInt16BE(toPort, 2)
  udp.writeUInt16BE(8 + payload.length, 4)
  // without a checksum, which IPv4 allows (RFC 768)
  payload.copy(udp, 8)
  return frame
}

function octets(address: string): number[] {
  return address.split(".").map(Number)
}

/** RFC 1071. */
function checksum(header: Buffer): number {
  let sum = 0
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
