/** One file of an initramfs. */
export interface CpioEntry {
  readonly path: string
  /** With the file type, as in stat(2). */
  readonly mode: number
  readonly data: Uint8Array
}

const MAGIC = "070701"
const REGULAR = 0o100000

/** An executable of root's. */
export const program = (path: string, data: Uint8Array): CpioEntry => ({ path, mode: REGULAR | 0o755, data })

/**
 * An archive in the `newc` format (Linux, Documentation/driver-api/early-userspace/buffer-format.rst), uncompressed.
 * The kernel unpacks several after one another, and a later file replaces an earlier one.
 */
export function cpio(entries: readonly CpioEntry[]): Uint8Array {
  const parts = [...entries.map((entry, index) => record(entry, index + 1)), record(TRAILER, 0)]
  return Buffer.concat(parts)
}

const TRAILER: CpioEntry = { path: "TRAILER!!!", mode: 0, data: new Uint8Array() }

function record({ path, mode, data }: CpioEntry, inode: number): Uint8Array {
  const name = Buffer.from(`${path}\0`)
  // inode, mode, uid, gid, links, mtime, size, device (2), device of a node (2), length of the name, checksum
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0]
  const header = Buffer.from(MAGIC + fields.map((field) => field.toString(16).padStart(8, "0")).join(""))
  return Buffer.concat([padded(Buffer.concat([header, name])), padded(data)])
}

/** Names and contents begin at multiples of four bytes. */
export function padded(data: Uint8Array, to = 4): Uint8Array {
  const rest = data.length % to
  return rest === 0 ? data : Buffer.concat([data, Buffer.alloc(to - rest)])
}
