import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Change } from "./trace.ts"

/** What a disk writes at once, whatever it is asked: a write may be torn at such a border. */
const SECTOR = 512

interface Pending {
  readonly end: number
  /** Does the first `torn` bytes of it. */
  apply(content: Content, torn: number): void
  /** Bytes it may be torn within. */
  readonly size: number
}

interface Inode {
  readonly isFolder: boolean
  /** What is on the disk for sure. */
  readonly durable: Content
  pending: Pending[]
}

/** A change of the names in a folder that may not be on the disk yet. */
interface NameChange {
  readonly end: number
  readonly folder: string
  apply(names: Map<string, Inode>): void
}

/**
 * A disk that keeps what was synced and promises nothing else: of the writes to a file since its last sync any may be
 * missing or torn, and of the names given in a folder since that was synced the later ones may be.
 */
export class Disk {
  readonly #inodes = new Map<number, Inode>()
  readonly #durableNames = new Map<string, Inode>()
  readonly #names = new Map<string, Inode>()
  #nameChanges: NameChange[] = []

  apply(change: Change): void {
    switch (change.kind) {
      case "name":
        return this.#open(change.inode, change.path, change.isFolder, change.end)
      case "write": {
        const { at, data, end } = change
        const apply = (content: Content, torn: number) => content.write(at, data.subarray(0, torn))
        return this.#write(change.inode, { end, size: data.length, apply })
      }
      case "truncate": {
        const { size, end } = change
        return this.#write(change.inode, { end, size: 0, apply: (content) => content.resize(size) })
      }
      case "sync":
        return this.#sync(change.inode, change.begun)
      default:
        return this.#rename(change)
    }
  }

  /** Lays out in `folder` one of the states a power cut may leave now. `random` is from 0 to 1. */
  cut(folder: string, random: () => number): void {
    const names = new Map(this.#durableNames)
    const mood = random()
    const kept =
      mood < 0.2 ? 0 : mood < 0.4 ? this.#nameChanges.length : Math.floor(random() * (this.#nameChanges.length + 1))
    for (const change of this.#nameChanges.slice(0, kept)) change.apply(names)
    for (const [path, inode] of names) {
      if (inode.isFolder) continue
      mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o700 })
      writeFileSync(join(folder, path), contentAfter(inode, mood, random), { mode: 0o600 })
    }
  }

  #open(number: number, path: string, isFolder: boolean, end: number): void {
    const known = this.#names.get(path)
    if (known !== undefined && this.#inodes.get(number) === known) return
    // a number is given again once the file that had it is gone
    const inode: Inode = { isFolder, durable: new Content(), pending: [] }
    this.#inodes.set(number, inode)
    if (isFolder) this.#names.set(path, inode)
    else this.#change({ end, folder: dirname(path), apply: (names) => names.set(path, inode) })
  }

  #write(number: number, pending: Pending): void {
    this.#inodes.get(number)?.pending.push(pending)
  }

  #sync(number: number, begun: number): void {
    const inode = this.#inodes.get(number)
    if (inode === undefined) return
    for (const { apply, size } of inode.pending.filter(({ end }) => end <= begun)) apply(inode.durable, size)
    inode.pending = inode.pending.filter(({ end }) => end > begun)
    if (!inode.isFolder) return
    const folder = [...this.#names].find(([, found]) => found === inode)?.[0] ?? ""
    const isKept = (change: NameChange) => change.folder === (folder || "/") && change.end <= begun
    for (const change of this.#nameChanges.filter(isKept)) change.apply(this.#durableNames)
    this.#nameChanges = this.#nameChanges.filter((change) => !isKept(change))
  }

  #rename(change: Extract<Change, { kind: "rename" | "link" | "unlink" }>): void {
    const { end } = change
    if (change.kind === "unlink") {
      const { path } = change
      return this.#change({ end, folder: dirname(path), apply: (names) => names.delete(path) })
    }
    const { kind, from, to } = change
    const inode = this.#names.get(from)
    if (inode === undefined) return
    const apply = (names: Map<string, Inode>) => {
      if (kind === "rename") names.delete(from)
      names.set(to, inode)
    }
    this.#change({ end, folder: dirname(to), apply })
  }

  #change(change: NameChange): void {
    change.apply(this.#names)
    this.#nameChanges.push(change)
  }
}

function contentAfter({ durable, pending }: Inode, mood: number, random: () => number): Buffer {
  if (mood < 0.2 || pending.length === 0) return durable.bytes
  const content = new Content(durable.bytes)
  for (const { apply, size } of pending) {
    if (mood < 0.4) apply(content, size)
    else if (random() < 0.5) apply(content, random() < 0.7 ? size : Math.floor((random() * size) / SECTOR) * SECTOR)
  }
  return content.bytes
}

/** The bytes of a file. */
class Content {
  #bytes: Buffer
  #size: number

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#bytes = Buffer.from(bytes)
    this.#size = bytes.length
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#size)
  }

  write(at: number, data: Buffer): void {
    if (at + data.length > this.#size) this.resize(at + data.length)
    data.copy(this.#bytes, at)
  }

  /** What was not there before is zero. */
  resize(size: number): void {
    if (size > this.#bytes.length) this.#bytes = Buffer.concat([this.bytes], Math.max(size, 2 * this.#bytes.length))
    if (size < this.#size) this.#bytes.fill(0, size, this.#size)
    this.#size = size
  }
}
