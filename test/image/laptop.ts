import { randomBytes } from "node:crypto"
import { BROADCAST, type Datagram, type Ethernet } from "./ethernet.ts"

const DHCP = { client: 68, server: 67, cookie: 0x63825363 } as const
const MDNS = { port: 5353, address: "224.0.0.251", mac: Buffer.from("01005e0000fb", "hex") } as const

/** RFC 2132. */
export const DHCP_OPTION = { mask: 1, router: 3, nameServer: 6, lease: 51, kind: 53, server: 54 } as const
const DISCOVER = 1
const OFFER = 2

export interface Offer {
  readonly address: string
  readonly server: string
  readonly options: ReadonlyMap<number, Buffer>
}

/** Asks for an address as a laptop that was just plugged in does (RFC 2131); undefined when nobody offers one. */
export async function askForAddress(cable: Ethernet, seconds: number): Promise<Offer | undefined> {
  const transaction = randomBytes(4)
  const header = Buffer.alloc(240)
  // a request, over ethernet, answered to everybody
  header.set([1, 1, 6, 0])
  transaction.copy(header, 4)
  header.writeUInt16BE(0x8000, 10)
  cable.mac.copy(header, 28)
  header.writeUInt32BE(DHCP.cookie, 236)
  const payload = Buffer.concat([header, Buffer.from([DHCP_OPTION.kind, 1, DISCOVER, 255])])
  const sent = { from: "0.0.0.0", fromPort: DHCP.client, to: "255.255.255.255", toPort: DHCP.server, mac: BROADCAST }
  return await cable.ask({ ...sent, payload }, (heard) => offerIn(heard, transaction), seconds)
}

function offerIn({ toPort, payload }: Datagram, transaction: Buffer): Offer | undefined {
  if (toPort !== DHCP.client || payload.length < 240 || !payload.subarray(4, 8).equals(transaction)) return undefined
  const options = new Map<number, Buffer>()
  for (let at = 240; at + 1 < payload.length && payload[at] !== 255; at += 2 + payload[at + 1]!) {
    options.set(payload[at]!, payload.subarray(at + 2, at + 2 + payload[at + 1]!))
  }
  if (options.get(DHCP_OPTION.kind)?.[0] !== OFFER) return undefined
  const server = options.get(DHCP_OPTION.server)?.join(".") ?? ""
  return { address: payload.subarray(16, 20).join("."), server, options }
}

const RECORD = { a: 1, ptr: 12, srv: 33 } as const

/** What a multicast answer says of the name asked for: addresses, or names. */
export async function askEverybody(
  cable: Ethernet,
  own: string,
  name: string,
  type: keyof typeof RECORD,
  seconds: number,
): Promise<string[]> {
  const labels = name.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label)]))
  const question = Buffer.from([0, RECORD[type], 0, 1])
  const header = Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  const payload = Buffer.concat([header, ...labels, Buffer.from([0]), question])
  const sent = { from: own, fromPort: MDNS.port, to: MDNS.address, toPort: MDNS.port, mac: MDNS.mac, payload }
  const read = (heard: Datagram) => {
    const found = heard.fromPort === MDNS.port ? answersIn(heard.payload, name, RECORD[type]) : []
    return found.length > 0 ? found : undefined
  }
  return (await cable.ask(sent, read, seconds)) ?? []
}

/** RFC 1035, clause 4.1. */
function answersIn(message: Buffer, name: string, type: number): string[] {
  if ((message[2]! & 0x80) === 0) return []
  let at = 12
  for (let left = message.readUInt16BE(4); left > 0; left--) at = nameAt(message, at).end + 4
  const found: string[] = []
  for (let left = message.readUInt16BE(6); left > 0; left--) {
    const owner = nameAt(message, at)
    const data = owner.end + 10
    if (message.readUInt16BE(owner.end) === type && owner.name.toLowerCase() === name.toLowerCase()) {
      found.push(dataAt(message, data, type))
    }
    at = data + message.readUInt16BE(owner.end + 8)
  }
  return found
}

function dataAt(message: Buffer, at: number, type: number): string {
  if (type === RECORD.a) return message.subarray(at, at + 4).join(".")
  if (type === RECORD.ptr) return nameAt(message, at).name
  return `${nameAt(message, at + 6).name}:${message.readUInt16BE(at + 4)}`
}

/** A name, whose rest may be somewhere before (clause 4.1.4). */
function nameAt(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = []
  let at = start
  let end: number | undefined
  for (let length = message[at]!; length !== 0; length = message[at]!) {
    if (length >= 0xc0) {
      end ??= at + 2
      at = message.readUInt16BE(at) & 0x3fff
      continue
    }
    labels.push(message.toString("utf8", at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join("."), end: end ?? at + 1 }
}
