import { crc16 } from "./crc16.ts"

/**
 * One message of the Gatehouse serial protocol: `@GH`, a flat JSON object, `*`, four hex digits of CRC-16 over the object.
 * docs/serial-protocol.md holds the grammar; the reference device in C reads the same language, byte for byte.
 */
export type Message = Readonly<Record<string, string | number>>

/** Bytes of a line with a frame, without its line end. */
export const LONGEST_FRAME = 512
/** Members of a message. */
export const MOST_MEMBERS = 16
const LARGEST_NUMBER = 0xffff_ffff

const MEMBER = /"([a-z]{1,8})":(?:"([ !#-[\]-z|}~]*)"|(0|[1-9][0-9]{0,9}))([,}])/y
const NAME = /^[a-z]{1,8}$/
/** Printable ASCII, without what would need an escape, and without `{`: no value can look like the start of a frame. */
const TEXT = /^[ !#-[\]-z|}~]*$/

/** The line for a message, without line ends. Throws a RangeError for a message the protocol cannot carry. */
export function encodeFrame(message: Message): string {
  const members = Object.entries(message)
  const object = `{${members.map(([name, value]) => `"${name}":${encodeValue(name, value)}`).join(",")}}`
  const line = `@GH${object}*${hex(crc16(object))}`
  if (members.length === 0 || members.length > MOST_MEMBERS) throw new RangeError(`${members.length} members`)
  if (line.length > LONGEST_FRAME) throw new RangeError(`a frame of ${line.length} bytes`)
  return line
}

function encodeValue(name: string, value: string | number): string {
  if (!NAME.test(name)) throw new RangeError(`a member cannot be called ${name}`)
  if (typeof value === "string") {
    if (!TEXT.test(value)) throw new RangeError(`the member ${name} has characters a frame cannot carry`)
    return `"${value}"`
  }
  const inRange = Number.isInteger(value) && value >= 0 && value <= LARGEST_NUMBER
  if (!inRange) throw new RangeError(`the member ${name} is no number a frame can carry`)
  return String(value)
}

/**
 * The message in a line (without its line end), or undefined: noise. A device's log may stand before it on the line,
 * never after it. Whatever the line holds, this neither throws nor keeps anything.
 */
export function parseFrame(line: string): Message | undefined {
  const text = line.replace(/\r+$/, "")
  const start = text.lastIndexOf("@GH{")
  if (start < 0 || text.length - start > LONGEST_FRAME || text.at(-5) !== "*") return undefined
  const object = text.slice(start + 3, -5)
  return text.slice(-4) === hex(crc16(object)) ? parseObject(object) : undefined
}

function parseObject(object: string): Message | undefined {
  const message: Record<string, string | number> = Object.create(null)
  let at = 1
  for (let count = 0; count < MOST_MEMBERS; count++) {
    MEMBER.lastIndex = at
    const [whole, name, text, number, end] = MEMBER.exec(object) ?? []
    if (whole === undefined || name! in message) return undefined
    if (number !== undefined && Number(number) > LARGEST_NUMBER) return undefined
    message[name!] = text ?? Number(number)
    at += whole.length
    if (end === "}") return at === object.length ? message : undefined
  }
  return undefined
}

function hex(crc: number): string {
  return crc.toString(16).toUpperCase().padStart(4, "0")
}
