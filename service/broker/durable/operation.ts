import { RecordReader, type RecordWriter } from "./record.ts"

/** What one commit consists of; the first byte of each record says which it is. */
const Kind = {
  session: 1,
  endSession: 2,
  subscribe: 3,
  unsubscribe: 4,
  message: 5,
  owe: 6,
  settle: 7,
  release: 8,
  receive: 9,
  released: 10,
  retain: 11,
  unretain: 12,
  time: 13,
} as const

/** What an entry of a session's queue is, in one byte; the lowest two bits are the QoS it is sent with. */
export const EntryBit = { retain: 4, shared: 8, sent: 16, released: 32 } as const

/** Where an entry stands: the session's number, its place there, the message's number. */
export interface Place {
  readonly session: number
  readonly sequence: number
  readonly message: number
  /** The message waits for other sessions too. */
  readonly shared: boolean
}

/** The operations of a commit on their way to the worker. */
export const operation = {
  session(writer: RecordWriter, session: number, record: (writer: RecordWriter) => void): void {
    writer.byte(Kind.session)
    writer.unsigned(session)
    writer.nested(record)
  },
  endSession(writer: RecordWriter, session: number): void {
    writer.byte(Kind.endSession)
    writer.unsigned(session)
  },
  /** `options` as one number, as `optionsOf` packs them. */
  subscribe(writer: RecordWriter, session: number, filter: string, options: number): void {
    writer.byte(Kind.subscribe)
    writer.unsigned(session)
    writer.text(filter)
    writer.unsigned(options)
  },
  unsubscribe(writer: RecordWriter, session: number, filter: string): void {
    writer.byte(Kind.unsubscribe)
    writer.unsigned(session)
    writer.text(filter)
  },
  /** `owners`: for how many sessions it waits. */
  message(writer: RecordWriter, message: number, owners: number, record: (writer: RecordWriter) => void): void {
    writer.byte(Kind.message)
    writer.unsigned(message)
    writer.unsigned(owners)
    writer.nested(record)
  },
  owe(writer: RecordWriter, at: Place, bits: number, size: number, identifiers: readonly number[] | undefined): void {
    writer.byte(Kind.owe)
    place(writer, at)
    writer.byte(bits)
    writer.unsigned(size)
    writer.unsigned(identifiers?.length ?? 0)
    for (const identifier of identifiers ?? []) writer.unsigned(identifier)
  },
  settle(writer: RecordWriter, at: Place): void {
    writer.byte(Kind.settle)
    place(writer, at)
  },
  /** QoS 2: the receiver has it; PUBREL is owed from now on. */
  release(writer: RecordWriter, session: number, sequence: number): void {
    writer.byte(Kind.release)
    writer.unsigned(session)
    writer.unsigned(sequence)
  },
  /** QoS 2: the packet identifier of a message received. */
  receive(writer: RecordWriter, session: number, packetId: number): void {
    writer.byte(Kind.receive)
    writer.unsigned(session)
    writer.unsigned(packetId)
  },
  /** QoS 2: the publisher has released it. */
  released(writer: RecordWriter, session: number, packetId: number): void {
    writer.byte(Kind.released)
    writer.unsigned(session)
    writer.unsigned(packetId)
  },
  retain(writer: RecordWriter, topic: string, record: (writer: RecordWriter) => void): void {
    writer.byte(Kind.retain)
    writer.text(topic)
    writer.nested(record)
  },
  unretain(writer: RecordWriter, topic: string): void {
    writer.byte(Kind.unretain)
    writer.text(topic)
  },
  /** The broker's own time, milliseconds since the epoch. */
  time(writer: RecordWriter, now: number): void {
    writer.byte(Kind.time)
    writer.float(now)
  },
} as const

/** What takes the operations apart again, in order. The buffers are views. */
export interface OperationSink {
  session(session: number, record: Buffer): void
  endSession(session: number): void
  subscribe(session: number, filter: string, options: number): void
  unsubscribe(session: number, filter: string): void
  message(message: number, owners: number, record: Buffer): void
  owe(at: Place, bits: number, size: number, identifiers: readonly number[] | undefined): void
  settle(at: Place): void
  release(session: number, sequence: number): void
  receive(session: number, packetId: number): void
  released(session: number, packetId: number): void
  retain(topic: string, record: Buffer): void
  unretain(topic: string): void
  time(now: number): void
}

/** Hands every operation in `bytes` to the sink. */
export function replay(bytes: Uint8Array, sink: OperationSink): void {
  const reader = new RecordReader(bytes)
  while (!reader.isOver) step(reader, sink)
}

function step(reader: RecordReader, sink: OperationSink): void {
  const kind = reader.byte()
  switch (kind) {
    case Kind.session:
      return sink.session(reader.unsigned(), reader.nested())
    case Kind.endSession:
      return sink.endSession(reader.unsigned())
    case Kind.subscribe:
      return sink.subscribe(reader.unsigned(), reader.text(), reader.unsigned())
    case Kind.unsubscribe:
      return sink.unsubscribe(reader.unsigned(), reader.text())
    case Kind.message:
      return sink.message(reader.unsigned(), reader.unsigned(), reader.nested())
    case Kind.owe:
      return sink.owe(placeIn(reader), reader.byte(), reader.unsigned(), numbersIn(reader))
    case Kind.settle:
      return sink.settle(placeIn(reader))
    case Kind.release:
      return sink.release(reader.unsigned(), reader.unsigned())
    case Kind.receive:
      return sink.receive(reader.unsigned(), reader.unsigned())
    case Kind.released:
      return sink.released(reader.unsigned(), reader.unsigned())
    case Kind.retain:
      return sink.retain(reader.text(), reader.nested())
    case Kind.unretain:
      return sink.unretain(reader.text())
    case Kind.time:
      return sink.time(reader.float())
    default:
      throw new RangeError(`no operation has the number ${kind}`)
  }
}

function place(writer: RecordWriter, { session, sequence, message, shared }: Place): void {
  writer.unsigned(session)
  writer.unsigned(sequence)
  writer.unsigned(message)
  writer.byte(shared ? 1 : 0)
}

function placeIn(reader: RecordReader): Place {
  return {
    session: reader.unsigned(),
    sequence: reader.unsigned(),
    message: reader.unsigned(),
    shared: reader.byte() === 1,
  }
}

function numbersIn(reader: RecordReader): number[] | undefined {
  const count = reader.unsigned()
  return count === 0 ? undefined : Array.from({ length: count }, () => reader.unsigned())
}
