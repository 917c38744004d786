import { isIP } from "node:net"
import { z } from "zod"
import { LIMITS_SCHEMA } from "./limits.ts"

/** A description says what is allowed, so that a refusal can say it too. */
const text = (allowed: string, holds: (value: string) => boolean) => z.string().refine(holds).describe(allowed)

const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/

/** A host name that may stand in a certificate: labels of letters, digits and inner hyphens (RFC 1123 2.1). */
export function isDnsName(name: string): boolean {
  return name.length <= 253 && name.split(".").every((label) => LABEL.test(label)) && isIP(name) === 0
}

// a zone (fe80::1%eth0) means something on one machine only
const isAddress = (value: string) => isIP(value) !== 0 && !value.includes("%")

const PATH = text("a path", (path) => path !== "" && !path.includes("\0"))
const DNS_NAME = text('a DNS name such as "gateway.plant.example"', isDnsName)
const ADDRESS = text("an IPv4 or IPv6 address", isAddress)
const HOST = text('"*" for every interface, an IP address or a DNS name', (host) => {
  return host === "*" || isAddress(host) || isDnsName(host)
})

const GLOB = text('a pattern such as "usb-Quectel_*" or "/dev/ttyACM0"', (glob) => glob !== "" && glob.length <= 200)
const DEVICE_FILE = text('the absolute path of a device file such as "/dev/ttyAMA0"', (path) => {
  return /^\/[^\0]{1,400}$/.test(path) && !path.split("/").includes("..")
})

const listener = (port: number, host = "*") =>
  z
    .strictObject({
      enabled: z.boolean().default(true),
      host: HOST.default(host),
      port: z.int().min(0).max(65_535).default(port),
    })
    .prefault({})

/** What a configuration file may hold. What depends on the machine has no default here. */
export const CONFIG_SCHEMA = z.strictObject({
  stateDirectory: z.exactOptional(PATH),
  systemDirectory: PATH.default("/var/lib/gatehouse-system"),
  site: z.exactOptional(text("1 to 32 letters, digits and hyphens", (site) => /^[A-Za-z0-9-]{1,32}$/.test(site))),
  hostname: z.exactOptional(DNS_NAME),
  names: z.array(DNS_NAME).max(50).default([]),
  addresses: z.array(ADDRESS).max(50).default([]),
  bootstrap: z.exactOptional(PATH),
  log: z.strictObject({ level: z.enum(["error", "warn", "info", "debug"]).default("info") }).prefault({}),
  listeners: z
    .strictObject({
      mqtt: listener(1883, "127.0.0.1"),
      mqtts: listener(8883),
      ws: listener(8083, "127.0.0.1"),
      wss: listener(8084),
      https: listener(8443),
      http: listener(8080),
    })
    .prefault({}),
  limits: LIMITS_SCHEMA.prefault({}),
  certificates: z
    .strictObject({
      deviceLifetimeDays: z.int().min(1).max(36_500).default(398),
      pendingHours: z.int().min(1).max(2160).default(24),
      graceDays: z.int().min(0).max(3650).default(30),
    })
    .prefault({}),
  serial: z
    .strictObject({
      enabled: z.boolean().default(true),
      ignore: z.array(GLOB).max(50).default([]),
      extra: z.array(DEVICE_FILE).max(50).default([]),
    })
    .prefault({}),
})

/** The dotted path of every value a configuration may set. */
export function configKeys(schema: z.ZodType = CONFIG_SCHEMA, prefix = ""): string[] {
  const inner = unwrapped(schema)
  if (!(inner instanceof z.ZodObject)) return [prefix]
  return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([key, member]) =>
    configKeys(member, prefix === "" ? key : `${prefix}.${key}`),
  )
}

/** What is allowed at a place of the configuration, in words that follow "must be". */
export function allowedAt(path: readonly PropertyKey[]): string {
  const schema = schemaAt(path)
  if (schema === null) return "absent"
  if (schema instanceof z.ZodObject) return `an object with the keys ${Object.keys(schema.shape).join(", ")}`
  if (schema instanceof z.ZodArray) return `a list of at most 50, each ${allowedAt([...path, 0])}`
  if (schema instanceof z.ZodNumber) return `a whole number from ${schema.minValue} to ${schema.maxValue}`
  if (schema instanceof z.ZodEnum) return `one of ${schema.options.join(", ")}`
  if (schema instanceof z.ZodBoolean) return "true or false"
  return schema.description ?? "text"
}

function schemaAt(path: readonly PropertyKey[]): z.ZodType | null {
  let schema: z.ZodType | null = CONFIG_SCHEMA
  for (const key of path) {
    if (schema instanceof z.ZodArray) schema = unwrapped(schema.element as z.ZodType)
    else if (schema instanceof z.ZodObject)
      schema = unwrapped((schema.shape as Record<string, z.ZodType>)[String(key)]!)
    else return null
  }
  return schema
}

function unwrapped(schema: z.ZodType): z.ZodType {
  const wrapped =
    schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault || schema instanceof z.ZodExactOptional
  return wrapped ? unwrapped(schema.unwrap() as z.ZodType) : schema
}
