import { readFileSync } from "node:fs"
import { z } from "zod"
import { BuildError } from "./run.ts"

const words = z.array(z.string().min(1))
const mebibytes = z.int().min(16).max(65_536)
const port = z.strictObject({
  port: z.int().min(1).max(65_535),
  protocol: z.enum(["tcp", "udp"]),
  purpose: z.string().min(1),
})
const board = z.strictObject({
  name: z.string().min(1),
  /** Below the kernel's folder of device trees. */
  deviceTree: z.string().regex(/^[\w.-]+\/[\w.-]+\.dtb$/),
  /** What U-Boot calls the board in `fdtfile`, where that is another name. */
  bootLoaderName: z.exactOptional(z.string().regex(/^[\w.-]+\/[\w.-]+\.dtb$/)),
})

const META = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  /** RAUC installs bundles of the same word only. */
  compatible: z.string().regex(/^[a-z][a-z0-9-]*$/),
  architecture: z.literal("arm64"),
  suite: z.string().regex(/^[a-z]+$/),
  packages: words,
  /** Unpacked into the boot partition, never installed. */
  firmware: words,
  excludedPaths: words,
  includedPaths: words,
  /** Below /usr/lib/modules/<version>/kernel. */
  excludedModules: words,
  /** Units and generators of systemd's own that no box needs: masked, as they cost time at every start. */
  neverStarted: z.array(z.string().regex(/^[\w@-]+(?:\.(?:service|mount|automount|socket)|-generator)$/)),
  boards: z.array(board).min(1),
  disk: z.strictObject({ bootMiB: mebibytes, slotMiB: mebibytes, dataMiB: mebibytes }),
  /** Everything that is open to the network; docs/ports and the firewall are checked against it. */
  ports: z.array(port),
})

/** What the image is made of: image/image.json. */
export type Meta = z.output<typeof META>
export type Board = Meta["boards"][number]

/** Reads the meta file. Throws `BuildError`, which names every key at fault. */
export function loadMeta(path: string): Meta {
  const text = readFileSync(path, "utf8")
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new BuildError(`${path} is not JSON: ${error instanceof Error ? error.message : error}`)
  }
  const parsed = META.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path: at, message }) => `${at.join(".") || "the whole"}: ${message}`)
  throw new BuildError(`${path}: ${problems.join("; ")}`)
}
