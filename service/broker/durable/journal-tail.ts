import { copyFileSync, existsSync, readFileSync } from "node:fs"

const HEADER = 32
const FRAME_HEADER = 24
const BIG_ENDIAN_SUMS = 0x377f0683
const LITTLE_ENDIAN_SUMS = 0x377f0682

/**
 * A power cut may leave the end of the journal torn: what was being committed then, and nobody was told of. SQLite
 * passes over it, and over everything behind a flipped bit as well, without a word; so it is looked at here first, and
 * a copy is kept aside.
 */
export function setAsideTornJournal(path: string, onDamage: (what: string) => void): void {
  const journal = `${path}-wal`
  if (!existsSync(journal)) return
  const torn = tornFrames(readFileSync(journal))
  if (torn === 0) return
  const kept = `${path}.torn-${new Date().toISOString().replace(/[-:.]/g, "")}`
  copyFileSync(journal, kept)
  onDamage(`the end of the journal was torn (${torn} pages), as after a power cut; a copy lies in ${kept}`)
}

/**
 * How many frames belong to the journal's present generation but do not check out, or come after one that does not
 * (sqlite.org/fileformat.html#the_write_ahead_log). 0: it is whole.
 */
export function tornFrames(bytes: Buffer): number {
  if (bytes.length < HEADER) return 0
  const magic = bytes.readUInt32BE(0)
  if (magic !== BIG_ENDIAN_SUMS && magic !== LITTLE_ENDIAN_SUMS) return bytes.some((byte) => byte !== 0) ? 1 : 0
  const bigEndian = magic === BIG_ENDIAN_SUMS
  const pageSize = bytes.readUInt32BE(8)
  let sums: Sums = checksum(bytes, 0, 24, [0, 0], bigEndian)
  if (!agrees(bytes, 24, sums)) return 1
  const salts = bytes.subarray(16, 24)
  let broken = 0
  for (let at = HEADER; at + FRAME_HEADER + pageSize <= bytes.length; at += FRAME_HEADER + pageSize) {
    if (!bytes.subarray(at + 8, at + 16).equals(salts)) continue
    if (broken === 0) {
      sums = checksum(bytes, at, 8, sums, bigEndian)
      sums = checksum(bytes, at + FRAME_HEADER, pageSize, sums, bigEndian)
      if (agrees(bytes, at + 16, sums)) continue
    }
    broken++
  }
  return broken
}

type Sums = readonly [number, number]

function checksum(bytes: Buffer, from: number, size: number, [first, second]: Sums, bigEndian: boolean): Sums {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let [a, b] = [first, second]
  for (let at = from; at < from + size; at += 8) {
    a = (a + view.getUint32(at, !bigEndian) + b) >>> 0
    b = (b + view.getUint32(at + 4, !bigEndian) + a) >>> 0
  }
  return [a, b]
}

function agrees(bytes: Buffer, at: number, [first, second]: Sums): boolean {
  return bytes.readUInt32BE(at) === first && bytes.readUInt32BE(at + 4) === second
}
