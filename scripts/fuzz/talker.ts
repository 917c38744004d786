import type { Duplex } from "node:stream"
import { generate, type Packet, type Parser, parser } from "mqtt-packet"
import type { Version } from "./grammar.ts"

/** A packet to send, in mqtt-packet's words; what is missing is false, 0 or empty. */
export type Sent = { readonly cmd: Packet["cmd"]; readonly [field: string]: unknown }

/** A client that says what it is told and hands on each packet that comes. */
export class Talker {
  readonly stream: Duplex
  readonly version: Version
  readonly #parser: Parser
  onPacket: (packet: Packet) => void = () => {}
  /** The connection is over, or the gateway sent what is no packet. */
  onGone: (why: string) => void = () => {}
  #gone = false

  constructor(stream: Duplex, version: Version) {
    this.stream = stream
    this.version = version
    this.#parser = parser({ protocolVersion: version })
    this.#parser.on("packet", (packet) => this.onPacket(packet))
    this.#parser.on("error", (error) => this.#end(`the gateway sent what is no packet: ${error.message}`))
    stream.on("data", (chunk: Buffer) => this.#parser.parse(chunk))
    stream.on("error", () => {})
    stream.on("end", () => this.#end("closed"))
    stream.on("close", () => this.#end("closed"))
  }

  send(packet: Sent): void {
    if (this.#gone || !this.stream.writable) return
    this.stream.write(this.bytesOf(packet))
  }

  bytesOf(packet: Sent): Buffer {
    const complete = { qos: 0, dup: false, retain: false, payload: "", ...packet }
    return generate(complete as unknown as Packet, { protocolVersion: this.version })
  }

  #end(why: string): void {
    if (this.#gone) return
    this.#gone = true
    this.stream.destroy()
    this.onGone(why)
  }
}
