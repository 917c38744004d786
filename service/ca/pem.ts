/** One PEM block (RFC 7468): its label and the bytes in it; `der` is undefined when its text is not base64. */
export interface PemBlock {
  readonly label: string
  readonly der: Buffer | undefined
}

/** Every complete block in a text, in order. Anything around the blocks is passed over; line ends do not matter. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks = text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,64})-----([^-]*)-----END \1-----/g)
  return Array.from(blocks, ([, label, body]) => ({ label: label!, der: base64(body!) }))
}

/** The bytes of canonical base64 with any white space in it; undefined for anything else. */
export function base64(text: string): Buffer | undefined {
  const symbols = text.replace(/[ \t\r\n]+/g, "")
  if (symbols === "") return undefined
  const bytes = Buffer.from(symbols, "base64")
  return bytes.toString("base64") === symbols ? bytes : undefined
}

/** A PEM block with lines of 64 and a line feed at the end of each. */
export function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").replace(/.{64}(?=.)/g, "$&\n")
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}
