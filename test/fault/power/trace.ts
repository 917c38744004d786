/** What the recorder wrote down, see `recorder.c`. */
export type Change = {
  /** Bytes of the trace up to and with this record. */
  readonly end: number
} & (
  | { readonly kind: "name"; readonly inode: number; readonly path: string; readonly isFolder: boolean }
  | { readonly kind: "write"; readonly inode: number; readonly at: number; readonly data: Buffer }
  | { readonly kind: "truncate"; readonly inode: number; readonly size: number }
  /** Everything written down before `begun` is on the disk. */
  | { readonly kind: "sync"; readonly inode: number; readonly begun: number }
  | { readonly kind: "rename" | "link"; readonly from: string; readonly to: string }
  | { readonly kind: "unlink"; readonly path: string }
)

const HEAD = 29
const KIND = { name: 1, write: 2, truncate: 3, sync: 4, rename: 5, unlink: 6, link: 7, folder: 8 } as const

/** Reads a trace; a record cut short at the end is left out. */
export function* changesIn(trace: Buffer): Generator<Change> {
  for (let at = 0; at + HEAD <= trace.length; ) {
    const size = trace.readUInt32LE(at + 25)
    const end = at + HEAD + size
    if (end > trace.length) return
    yield changeAt(trace, at, trace.subarray(at + HEAD, end), end)
    at = end
  }
}

function changeAt(trace: Buffer, at: number, data: Buffer, end: number): Change {
  const kind = trace[at]
  const inode = Number(trace.readBigUInt64LE(at + 1))
  const number = Number(trace.readBigUInt64LE(at + 9))
  const [from = "", to = ""] = kind === KIND.write ? [] : data.toString().split("\0")
  switch (kind) {
    case KIND.name:
    case KIND.folder:
      return { kind: "name", inode, path: from, isFolder: kind === KIND.folder, end }
    case KIND.write:
      return { kind: "write", inode, at: number, data, end }
    case KIND.truncate:
      return { kind: "truncate", inode, size: number, end }
    case KIND.sync:
      return { kind: "sync", inode, begun: number, end }
    case KIND.rename:
      return { kind: "rename", from, to, end }
    case KIND.link:
      return { kind: "link", from, to, end }
    case KIND.unlink:
      return { kind: "unlink", path: from, end }
    default:
      throw new Error(`no record of the trace has the kind ${kind}`)
  }
}
