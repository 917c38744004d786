/** A UTF-8 string as MQTT writes it (1.5.4); a buffer goes in as it is, so that it may be ill-formed. */
export function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
}

/** Bytes from hex with blanks. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replace(/\s/g, ""), "hex")
}

/** A whole packet: first byte, length, and the parts, given as bytes or as hex. */
export function packet(first: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? hex(part) : part)))
  return Buffer.concat([Buffer.from([first]), variable(body.length), body])
}

/** A variable byte integer in its shortest form (1.5.5). */
export function variable(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  do {
    bytes.push((rest & 127) | (rest > 127 ? 128 : 0))
    rest >>>= 7
  } while (rest > 0)
  return Buffer.from(bytes)
}

/** Properties with their length before them. */
export function properties(...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? hex(part) : part)))
  return Buffer.concat([variable(body.length), body])
}

/** A user property, as it stands among properties. */
export function pair(name: string, value: string): Buffer {
  return Buffer.concat([hex("26"), text(name), text(value)])
}
