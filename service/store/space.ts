import { statfs } from "node:fs/promises"

/** Of the file system that a folder lies on. */
export interface Space {
  /** What this user may still fill. */
  readonly freeBytes: number
  readonly totalBytes: number
}

export async function spaceAt(folder: string): Promise<Space> {
  const { bavail, blocks, bsize } = await statfs(folder)
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}
