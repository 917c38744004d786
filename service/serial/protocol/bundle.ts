import { createHash, randomBytes } from "node:crypto"
import type { Material, Task } from "../dialect.ts"

/** One of the three objects a device is given, in this order. */
export interface BundleObject {
  readonly name: "ca" | "chain" | "cfg"
  readonly bytes: Buffer
  /** Names the contents: the first 16 hex digits of its SHA-256. */
  readonly tag: string
}

export interface Bundle {
  readonly objects: readonly BundleObject[]
  /** SHA-256 over the three one after the other, lower-case hex. */
  readonly sha: string
}

/** What a device is to hold, as it goes over the line: trust anchor, certificates, configuration. */
export function bundleOf(task: Pick<Task, "commonName">, material: Material): Bundle {
  const objects = [
    bundleObject("ca", material.rootPem),
    bundleObject("chain", material.chainPem),
    bundleObject("cfg", configuration(task, material)),
  ]
  const hash = createHash("sha256")
  for (const { bytes } of objects) hash.update(bytes)
  return { objects, sha: hash.digest("hex") }
}

/** The same objects under tags that nobody has seen: a device begins them anew. */
export function retagged({ objects, sha }: Bundle): Bundle {
  return { objects: objects.map((object) => ({ ...object, tag: randomBytes(8).toString("hex") })), sha }
}

function bundleObject(name: BundleObject["name"], text: string): BundleObject {
  const bytes = Buffer.from(text, "latin1")
  return { name, bytes, tag: createHash("sha256").update(bytes).digest("hex").slice(0, 16) }
}

/** Lines of `name=value`; a device passes over the names it does not know. */
function configuration({ commonName }: Pick<Task, "commonName">, { broker, serial, settings }: Material): string {
  const fixed = { v: "1", host: broker.host, port: String(broker.port), cn: commonName, serial }
  return Object.entries({ ...settings, ...fixed })
    .filter(([name, value]) => /^[A-Za-z][A-Za-z0-9_-]{0,31}$/.test(name) && /^[ -~]*$/.test(value))
    .map(([name, value]) => `${name}=${value}\n`)
    .sort((one, other) => Number(other.startsWith("v=")) - Number(one.startsWith("v=")))
    .join("")
}
