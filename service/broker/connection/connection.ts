import type { Duplex } from "node:stream"
import { displayName } from "../../access/door.ts"
import type { Policy } from "../../access/policy.ts"
import type { RefusalCause } from "../../access/refusal-cause.ts"
import type { User } from "../../access/user.ts"
import { reasonOf } from "../../errors.ts"
import type { CoreClient } from "../core.ts"
import type { GoodCertificate, Origin } from "../gate/admission.ts"
import { ADMITTED } from "../listen/listener.ts"
import type { Message } from "../message.ts"
import type { Carrier } from "../session/carrier.ts"
import type { Session } from "../session/session.ts"
import { Decoder } from "../wire/decode.ts"
import { disconnectFrame } from "../wire/encode.ts"
import type { QoS, Will } from "../wire/packet.ts"
import { ProtocolError, Reason, type ReasonCode } from "../wire/reason.ts"
import type { IncomingAliases } from "./aliases.ts"
import { Answers } from "./answers.ts"
import { type Departure, departureFor, LOST } from "./departure.ts"
import type { Exchange } from "./exchange.ts"
import { Intake } from "./intake.ts"
import { closeLingering } from "./linger.ts"
import { Pulse } from "./pulse.ts"
import { Reception } from "./reception.ts"
import { refuse } from "./refusal.ts"
import { Sender } from "./sender.ts"

/** Bytes of one client's messages that may wait for the disk, however slow it is, beyond the last packet read. */
const MOST_UNKEPT = 262_144

/**
 * One network connection: bytes in through intake and decoder, packets to the reception, frames out through the sender.
 * It also looks like a client to aedes' registry.
 */
export class Connection implements Carrier, CoreClient {
  readonly exchange: Exchange
  readonly origin: Origin
  readonly #stream: Duplex
  readonly #decoder: Decoder
  readonly intake: Intake
  readonly sender: Sender
  readonly answers = new Answers(
    (type, packetId, reason) => this.sendAcknowledge(type, packetId, reason),
    () => this.#kept(),
  )

  id = ""
  closed = false
  /** Its CONNACK is on the way, and nothing was sent before. */
  established = false
  session: Session | undefined
  user: User | undefined
  policy: Policy | undefined
  certificate: GoodCertificate | undefined
  will: Will | undefined
  connectedAt = 0
  /** Seconds the session outlives this connection. */
  sessionExpiry = 0
  window = 0
  incomingAliases: IncomingAliases | undefined
  refusedPublishes = 0
  lastRefusedTopic: string | undefined
  lastError: { readonly at: number; readonly sentence: string } | undefined
  /** Why it went, once it has: until someone says goodbye, the network is to blame. */
  departure: Departure = LOST
  readonly pulse: Pulse

  constructor(exchange: Exchange, stream: Duplex, origin: Origin, plainSocket: boolean) {
    this.exchange = exchange
    this.origin = origin
    this.#stream = stream
    this.#decoder = new Decoder(new Reception(this), exchange.limits.packetBytesBeforeLogin)
    this.intake = new Intake(stream, this.#decoder, exchange.limits)
    this.sender = new Sender(stream, plainSocket, exchange.time, exchange.counters)
    this.pulse = new Pulse(exchange.connections)
    exchange.connections.add(this)
    stream.on("data", (chunk: Buffer) => this.#receive(chunk))
    stream.on("drain", () => this.#drained())
    stream.on("error", () => {}) // "close" follows
    stream.on("end", () => this.leave())
    stream.on("close", () => {
      this.#gone()
      exchange.connections.delete(this)
    })
  }

  get version5(): boolean {
    return this.#decoder.version === 5
  }

  get version(): 0 | 3 | 4 | 5 {
    return this.#decoder.version
  }

  /** Only where the stream has announced "drain", or CONNACK is to come: what waits for it would otherwise wait for good. */
  get congested(): boolean {
    if (!this.established) return true
    return this.sender.backlog > this.exchange.limits.socketBytes && this.#stream.writableNeedDrain
  }

  // ---- frames out

  send(frame: Buffer): void {
    this.sender.send(frame)
  }

  /** As `send`. A client that takes no packet that long would wait for its answer for good: it is told why and goes. */
  answer(frame: Buffer): void {
    if (frame.length <= this.sender.maximumPacketSize) return this.send(frame)
    this.end(Reason.packetTooLarge, "an answer is longer than the packets the client takes") // [MQTT-3.1.2-24]
  }

  sendAcknowledge(type: 4 | 5 | 6 | 7, packetId: number, reason: number): void {
    // CONNACK comes first [MQTT-3.2.0-1]: a PUBREL that waited for the disk on the last connection is sent again after it
    if (!this.closed && this.established) this.sender.acknowledge(type, packetId, reason)
  }

  sendPublish(
    message: Message,
    qos: QoS,
    retain: boolean,
    identifiers: readonly number[] | undefined,
    packetId: number,
    dup: boolean,
  ): boolean {
    return this.sender.publish(message, qos, retain, identifiers, packetId, dup)
  }

  // ---- life

  /** Reads nothing more until `resumeReading`: an answer is being waited for. */
  pauseReading(): void {
    this.intake.awaitAdmission()
  }

  /** From here on the client may send anything, in packets of the full size. */
  establish(): void {
    this.established = true
    this.#decoder.limit = this.exchange.limits.packetBytes
    this.pulse.beat() // its password may have waited for longer than its keep alive
    this.#stream.emit(ADMITTED)
    this.#decoder.establish()
  }

  resumeReading(): void {
    this.guarded(() => this.intake.admit())
  }

  /** Something that the client asked for was refused while it stays: noted at the door, and with the client. */
  note(cause: RefusalCause, sentence: string): void {
    const name = this.user?.username ?? ""
    this.lastError = { at: this.exchange.clock.now(), sentence }
    this.exchange.door.record({ cause, sentence, name, address: this.origin.address })
  }

  /** Ends the connection from our side: an MQTT 5 client is told why, the will is sent. */
  end(reason: ReasonCode, why: string): void {
    if (this.closed) return
    this.exchange.log.info("client disconnected", { client: displayName(this.id), why, reason })
    this.departure = departureFor(reason, why)
    if (this.version5 && this.established) this.send(disconnectFrame(reason)) // never before CONNACK [MQTT-3.14.0-1]
    this.leave()
  }

  /** As `#gone`; then lets the last frames out and closes. */
  leave(): void {
    if (this.closed) return
    this.#gone()
    this.sender.flush()
    closeLingering(this.#stream)
  }

  drainSoon(): void {
    setImmediate(() => {
      if (!this.closed) this.guarded(() => this.session?.drainOn())
    })
  }

  abort(): void {
    this.end(Reason.unspecified, "internal fault")
  }

  /** aedes: another node of a cluster has this client now. */
  close(done?: () => void): void {
    this.end(Reason.sessionTakenOver, "taken over by another node")
    done?.()
  }

  /** Runs what may throw on behalf of this client; whatever it throws ends this connection and no other. */
  guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.fail(error)
    }
  }

  fail(error: unknown): void {
    if (this.closed) return
    const known = error instanceof ProtocolError
    if (!known)
      this.exchange.log.error("fault while serving a client", { client: displayName(this.id), reason: stackOf(error) })
    const reason = known ? error.reason : Reason.unspecified
    if (reason === Reason.packetTooLarge) this.exchange.counters.limitPacketBytes++
    if (reason === Reason.receiveMaximumExceeded) this.exchange.counters.limitReceiveMaximum++
    if (this.session !== undefined) return this.end(reason, reasonOf(error))
    const sentence = `the client broke the protocol before it was admitted: ${reasonOf(error)}`
    refuse(this, reason, "protocol-error", sentence, "")
  }

  #receive(chunk: Buffer): void {
    if (this.closed) return
    const { packets } = this.#decoder
    try {
      this.intake.receive(chunk)
    } catch (error) {
      this.fail(error)
    }
    // packets count as signs of life, bytes do not [MQTT-3.1.2-22]
    if (this.session !== undefined && this.#decoder.packets > packets) this.pulse.beat()
    if (this.answers.bytes > MOST_UNKEPT) this.intake.awaitDisk()
    if (!this.closed && this.sender.backlog > this.#mostBacklog) {
      this.sender.flush()
      this.intake.awaitDrain()
    }
  }

  /** Messages stop at `socketBytes`; what goes beyond by more than a packet are answers, and only not reading stops them. */
  get #mostBacklog(): number {
    return this.exchange.limits.socketBytes + this.exchange.limits.packetBytes
  }

  #kept(): void {
    if (this.answers.bytes < MOST_UNKEPT / 2) this.guarded(() => this.intake.kept())
  }

  #drained(): void {
    if (this.closed) return
    this.guarded(() => this.session?.drain())
    this.intake.drained()
  }

  /** The client is gone, whoever went: leaves the registries and hands the session back. */
  #gone(): void {
    if (this.closed) return
    this.closed = true
    this.#decoder.stop()
    const { session, user, exchange } = this
    if (session === undefined || user === undefined) return
    exchange.core.unregister(this)
    exchange.connections.leave(this, user.username)
    exchange.sessions.detach(session, this, this.sessionExpiry, this.will)
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
