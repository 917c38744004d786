import type { MessageProperties } from "./packet.ts"
import { type Definition, type Kind, Property, table } from "./property-table.ts"
import { Reader } from "./read.ts"
import { malformed, ProtocolError, violated } from "./reason.ts"

const NOTHING = Buffer.alloc(0)

/** Bytes up to which V8 keeps an array on its own heap, until native code such as `copy` makes it move (a third of a microsecond). */
const SMALL = 64

/**
 * The properties of one packet. There is one instance, filled anew by every `readProperties`, so that a PUBLISH with
 * properties costs one object and one copy. A value counts when its round is the current one.
 */
export class Properties {
  /** The last Authentication Method read; undefined when absent. */
  authenticationMethod: string | undefined = undefined
  readonly #rounds = new Float64Array(table.length)
  readonly #numbers = new Float64Array(table.length)
  #round = 0
  #source: Buffer = NOTHING
  #from = 0
  #to = 0
  /** Begin and end of each property that is not passed on: at most expiry, delay and alias. */
  readonly #cuts = new Uint32Array(6)
  #cutCount = 0

  has(id: number): boolean {
    return this.#rounds[id] === this.#round
  }

  /** The value of a property that is a number; flags are 0 or 1. */
  number(id: number): number | undefined {
    return this.has(id) ? this.#numbers[id] : undefined
  }

  /**
   * What travels on to subscribers, as an own copy; undefined when that is nothing. One that may be `kept` does not lie
   * in Buffer's pool, whose slab of 64 KiB it would hold; for others the pool is the faster place.
   */
  message(kept: boolean): MessageProperties | undefined {
    const messageExpiryInterval = this.number(Property.messageExpiryInterval)
    const raw = this.#remainder(kept)
    if (raw.length === 0 && messageExpiryInterval === undefined) return undefined
    return { raw, messageExpiryInterval }
  }

  /** Reads the length and the properties at the reader's position; leaves the reader behind them. */
  fill(reader: Reader, place: number): void {
    this.#round++
    this.#cutCount = 0
    this.authenticationMethod = undefined
    const size = reader.variableByteInteger()
    this.#source = reader.buffer
    this.#from = reader.skip(size)
    this.#to = reader.position
    const inner = new Reader(reader.buffer, this.#from, this.#to)
    while (!inner.atEnd) this.#readOne(inner, place)
    if (this.has(Property.authenticationData) && !this.has(Property.authenticationMethod)) {
      violated("authentication data without a method (3.1.2.11.10)")
    }
  }

  #readOne(reader: Reader, place: number): void {
    const from = reader.position
    const id = reader.variableByteInteger()
    const definition = table[id] ?? malformed(`a client sends no property ${id}`)
    if ((definition.client & place) === 0) misplaced(definition, id, place)
    if (definition.kind !== "pair") {
      if (this.has(id)) violated(`property ${id} stands twice`)
      this.#rounds[id] = this.#round
    }
    this.#readValue(reader, id, definition)
    if (id === Property.messageExpiryInterval || id === Property.willDelayInterval || id === Property.topicAlias) {
      this.#cuts[this.#cutCount++] = from
      this.#cuts[this.#cutCount++] = reader.position
    }
  }

  #readValue(reader: Reader, id: number, definition: Definition): void {
    switch (definition.kind) {
      case "flag":
      case "uint16":
      case "uint32":
      case "variable":
        this.#numbers[id] = readNumber(reader, id, definition)
        break
      case "topic":
        skipTopic(reader)
        break
      case "binary":
        reader.skip(reader.uint16())
        break
      case "pair":
        reader.skipText(false)
        reader.skipText(false)
        break
      case "text":
        if (id === Property.authenticationMethod) this.authenticationMethod = reader.text()
        else reader.skipText(false)
    }
  }

  /** The properties without the cuts. */
  #remainder(kept: boolean): Buffer {
    let size = this.#to - this.#from
    for (let cut = 0; cut < this.#cutCount; cut += 2) size -= this.#cuts[cut + 1]! - this.#cuts[cut]!
    if (size === 0) return NOTHING
    const raw = kept || size <= SMALL ? Buffer.allocUnsafeSlow(size) : Buffer.allocUnsafe(size)
    let from = this.#from
    let at = 0
    for (let cut = 0; cut < this.#cutCount; cut += 2) {
      at = copy(this.#source, from, this.#cuts[cut]!, raw, at)
      from = this.#cuts[cut + 1]!
    }
    copy(this.#source, from, this.#to, raw, at)
    return raw
  }
}

function copy(source: Buffer, from: number, to: number, target: Buffer, at: number): number {
  const end = at + to - from
  if (target.length > SMALL) source.copy(target, at, from, to)
  else for (let i = from; i < to; i++) target[at + i - from] = source[i]!
  return end
}

const current = new Properties()

/**
 * Reads the property length and the properties at the reader's position. What it returns is valid until the next call.
 * @throws ProtocolError malformedPacket, protocolError or topicAliasInvalid
 */
export function readProperties(reader: Reader, place: number): Properties {
  current.fill(reader, place)
  return current
}

/** A property that is not valid for the packet type is malformed (2.2.2.2); one that only a server may put there, an error. */
function misplaced(definition: Definition, id: number, place: number): never {
  if ((definition.server & place) !== 0) violated(`property ${id} is the server's to send`)
  malformed(`property ${id} does not belong into this packet`)
}

function readNumber(reader: Reader, id: number, definition: Definition): number {
  const value = readUnchecked(reader, definition.kind)
  if (definition.kind === "flag" && value > 1) violated(`property ${id} is neither 0 nor 1`)
  if (value === 0 && definition.zero !== undefined) throw new ProtocolError(definition.zero, `property ${id} is 0`)
  return value
}

function readUnchecked(reader: Reader, kind: Kind): number {
  if (kind === "flag") return reader.byte()
  if (kind === "uint16") return reader.uint16()
  return kind === "uint32" ? reader.uint32() : reader.variableByteInteger()
}

/** A response topic is a topic name: not empty [MQTT-4.7.3-1], no wildcards [MQTT-3.3.2-14]. */
function skipTopic(reader: Reader): void {
  const from = reader.position + 2
  reader.skipText(true)
  if (reader.position === from) violated("an empty response topic [MQTT-4.7.3-1]")
  for (let at = from; at < reader.position; at++) {
    const byte = reader.buffer[at]
    if (byte === 0x23 || byte === 0x2b) violated("a wildcard in the response topic [MQTT-3.3.2-14]")
  }
}
