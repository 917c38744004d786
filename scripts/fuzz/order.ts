import type { IPublishPacket } from "mqtt-packet"

/**
 * Watches the order of messages (MQTT 5 section 4.6): of one publisher, one topic and one QoS, that of the publish and
 * that of the delivery, what comes to one connection comes as it was sent. A message published at QoS 2 is on the disk
 * before anyone gets it, so one published at QoS 1 may overtake it. What the protocol's own rules repeat is left out.
 */
export class Order {
  #sent = 0
  readonly #repeated = new Set<string>()
  /** The number that came last, by receiver and then by publisher, topic and QoS. */
  readonly #last = new Map<string, Map<string, number>>()

  /** The payload of a publisher's next message. */
  next(publisher: string, topic: string, qos: number): string {
    return `${publisher} ${++this.#sent} ${qos} ${topic}`
  }

  repeated(payload: string): void {
    this.#repeated.add(payload)
  }

  /** A new connection: it may get again what was under way on the one before. */
  forget(receiver: string): void {
    this.#last.delete(receiver)
  }

  arrived(receiver: string, { payload, qos, retain, dup }: IPublishPacket, finding: (text: string) => void): void {
    const text = payload.toString()
    const [publisher, number, sentAt] = text.split(" ")
    if (retain || dup || qos === 0 || number === undefined || this.#repeated.has(text)) return
    const lane = `${publisher} ${text.slice(text.lastIndexOf(" "))} ${qos} ${sentAt}`
    const lanes = this.#last.get(receiver) ?? new Map<string, number>()
    this.#last.set(receiver, lanes)
    const last = lanes.get(lane) ?? 0
    if (Number(number) < last) finding(`a message came out of order: "${text}" at QoS ${qos} after number ${last}`)
    lanes.set(lane, Number(number))
  }
}
