import { crc32 } from "node:zlib"

/** Numbers of U-Boot's include/image.h. */
const MAGIC = 0x27051956
const LINUX = 5
const ARM64 = 22
const TYPES = { ramdisk: 3, script: 6, "flat-dt": 8, "kernel-noload": 14 } as const

const HEADER = 64

export interface UBootImage {
  readonly type: keyof typeof TYPES
  readonly content: Buffer
  /** Seconds since 1970. */
  readonly epoch: number
  /** Where it is copied to before use; a device tree only. */
  readonly address?: number
}

/**
 * An image of the form U-Boot reads without being built for FIT, as Debian's for the Pi is not: a header with CRC-32 sums
 * of itself and of the content, both checked before use (U-Boot, include/image.h, struct legacy_img_hdr).
 */
export function uBootImage({ type, content, epoch, address = 0 }: UBootImage): Buffer {
  const data = type === "script" ? scriptContent(content) : content
  const header = Buffer.alloc(HEADER)
  for (const [index, word] of [MAGIC, 0, epoch, data.length, address, 0, crc32(data)].entries()) {
    header.writeUInt32BE(word, 4 * index)
  }
  header.set([LINUX, ARM64, TYPES[type], 0], 28)
  header.write("gatehouse", 32, "latin1")
  header.writeUInt32BE(crc32(header), 4)
  return Buffer.concat([header, data])
}

/** What `uBootImage` was given, of the image that begins at `at`; a view. */
export function contentAt(bytes: Buffer, at: number): Buffer {
  if (bytes.readUInt32BE(at) !== MAGIC) throw new RangeError(`there is no U-Boot image at byte ${at}`)
  const list = bytes[at + 30] === TYPES.script ? 8 : 0
  return bytes.subarray(at + HEADER + list, at + HEADER + bytes.readUInt32BE(at + 12))
}

/** A script is a list of files, each with its size, that ends with a zero. */
function scriptContent(text: Buffer): Buffer {
  const sizes = Buffer.alloc(8)
  sizes.writeUInt32BE(text.length)
  return Buffer.concat([sizes, text])
}
