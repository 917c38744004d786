import { isIP, isIPv4, isIPv6 } from "node:net"
import { z } from "zod"

const FORMAT = "gatehouse-root-request/1"
/** A request is a few hundred bytes; whoever sends more means no good. */
export const MOST_BYTES = 16 * 1024

export const ID = /^[a-z0-9][a-z0-9-]{0,39}$/
const FILE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.raucb$/
/** As the kernel allows them, without what means something to systemd or a shell. */
const INTERFACE = /^[a-z][a-z0-9]{0,14}$/

const address = z.string().refine((text) => isIP(text) !== 0, "an IP address")
const cidr = (isFamily: (text: string) => boolean, bits: number) =>
  z.string().refine((text) => {
    const [host, prefix, ...more] = text.split("/")
    return more.length === 0 && isFamily(host ?? "") && /^\d{1,3}$/.test(prefix ?? "") && isPrefix(Number(prefix), bits)
  }, "an address and the length of its prefix, such as 192.0.2.10/24")
const isPrefix = (length: number, bits: number) => length >= 1 && length <= bits

const ipv4 = z.discriminatedUnion("method", [
  z.strictObject({ method: z.literal("dhcp") }),
  z.strictObject({
    method: z.literal("static"),
    address: cidr(isIPv4, 32),
    gateway: z.exactOptional(z.string().refine(isIPv4, "an IPv4 address")),
  }),
])
const ipv6 = z.discriminatedUnion("method", [
  z.strictObject({ method: z.literal("automatic") }),
  z.strictObject({ method: z.literal("off") }),
  z.strictObject({
    method: z.literal("static"),
    address: cidr(isIPv6, 128),
    gateway: z.exactOptional(z.string().refine(isIPv6, "an IPv6 address")),
  }),
])

export const NETWORK_SETTINGS = z.strictObject({
  interface: z.exactOptional(z.string().regex(INTERFACE)),
  ipv4,
  ipv6: ipv6.default({ method: "automatic" }),
  dns: z.array(address).max(5).default([]),
  ntp: z.array(address).max(5).default([]),
})

const format = z.literal(FORMAT)
const bundle = {
  bundle: z.string().regex(FILE),
  bytes: z
    .int()
    .min(1)
    .max(8 * 1024 ** 3),
}

const REQUEST = z.discriminatedUnion("kind", [
  z.strictObject({ format, kind: z.literal("check"), ...bundle }),
  z.strictObject({ format, kind: z.literal("install"), ...bundle }),
  z.strictObject({ format, kind: z.literal("roll-back") }),
  z.strictObject({ format, kind: z.literal("set-clock"), time: z.iso.datetime() }),
  z.strictObject({ format, kind: z.literal("set-network"), ...NETWORK_SETTINGS.shape }),
  z.strictObject({ format, kind: z.literal("confirm-network"), request: z.string().regex(ID) }),
  z.strictObject({ format, kind: z.literal("factory-reset"), scope: z.enum(["settings", "everything"]) }),
  z.strictObject({ format, kind: z.literal("restart") }),
])

export type Request = z.output<typeof REQUEST>
export type Of<Kind extends Request["kind"]> = Extract<Request, { kind: Kind }>
export type NetworkSettings = z.output<typeof NETWORK_SETTINGS>

/** A request, or a sentence that says why it is none. */
export function parseRequest(text: string): Request | string {
  if (Buffer.byteLength(text) > MOST_BYTES) return `A request has at most ${MOST_BYTES} bytes.`
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return "The request is not JSON."
  }
  const parsed = REQUEST.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the request"}: ${message}`)
  return `The request is not understood: ${problems.join("; ")}.`
}
