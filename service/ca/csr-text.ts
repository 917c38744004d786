import { type CsrRefused, refused } from "./csr-refusal.ts"
import { base64, pemBlocks } from "./pem.ts"

/** RFC 2986 sets no limit; a request for RSA-4096 in PEM has 1.8 KiB. */
const LARGEST = 8 * 1024
const LABELS = new Set(["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"])
const EXPECTED = "a block that begins with -----BEGIN CERTIFICATE REQUEST-----"

/**
 * The DER of the one request in what a device sent: PEM with boot messages before and a prompt after it, any line ends
 * or none, bare base64, or DER itself.
 */
export function requestBytes(input: string | Buffer): { readonly ok: true; readonly der: Buffer } | CsrRefused {
  const bytes = typeof input === "string" ? Buffer.from(input, "utf8") : input
  if (bytes.length > LARGEST) {
    return refused(
      "too-large",
      `the request has ${bytes.length} bytes, at most ${LARGEST} are read; send the request alone`,
    )
  }
  const text = bytes.toString("latin1")
  if (/PRIVATE KEY-----/.test(text)) {
    return refused(
      "private-key-included",
      "the text holds a private key, which must never leave its device; make a new key and send the request alone",
    )
  }
  if (text.includes("-----BEGIN ")) return armoured(text)
  if (bytes[0] === 0x30 && bytes[1]! >= 0x80) return { ok: true, der: bytes }
  const der = base64(text)
  return der?.[0] === 0x30
    ? { ok: true, der }
    : refused("no-request", `there is no request in the text; send ${EXPECTED}`)
}

function armoured(text: string): { readonly ok: true; readonly der: Buffer } | CsrRefused {
  const blocks = pemBlocks(text)
  const requests = blocks.filter((block) => LABELS.has(block.label))
  const [request] = requests
  if (request === undefined) {
    const [other] = blocks
    if (other !== undefined)
      return refused("wrong-label", `the text holds a ${other.label}, not a request; send ${EXPECTED}`)
    return refused("truncated", "the request is cut off: its BEGIN has no matching END; send it whole")
  }
  if (requests.length > 1) return refused("more-than-one", `the text holds ${requests.length} requests; send one`)
  if (request.der === undefined) {
    return refused(
      "base64",
      "the text between BEGIN and END is not base64; lines may be mixed with other output, send it again",
    )
  }
  return { ok: true, der: request.der }
}
