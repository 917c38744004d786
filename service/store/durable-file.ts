import { randomBytes } from "node:crypto"
import { type FileHandle, link, open, readFile, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"
import { GatewayError } from "../errors.ts"

export interface DurableOptions {
  /** Permission bits of the new file, whatever the umask; 0600 unless told. */
  readonly mode?: number
  /** Keeps what the file held until now beside it, as `<name>.previous`. */
  readonly keepPrevious?: boolean
}

/**
 * Replaces the file at `path` whole or not at all: after a crash or a power cut it holds the old bytes or the new
 * ones, and once this resolves, the new ones. Rejects with `GatewayError("disk-failed")`; the file then holds the old
 * bytes, unless only the last step failed (the fsync of the folder), after which a power cut decides.
 */
export async function writeDurably(
  path: string,
  bytes: string | Uint8Array,
  options: DurableOptions = {},
): Promise<void> {
  const temporary = temporaryName(path)
  try {
    await writeNew(temporary, bytes, options.mode ?? 0o600)
    if (options.keepPrevious) await keepPrevious(path)
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    throw new GatewayError("disk-failed", `${path} could not be written: check the disk for space and errors`, {
      cause,
    })
  }
}

async function writeNew(path: string, bytes: string | Uint8Array, mode: number): Promise<void> {
  await using file = await open(path, "wx", 0o600)
  await file.chmod(mode)
  await writeAll(file, typeof bytes === "string" ? Buffer.from(bytes) : bytes, 0)
  await file.sync()
}

/** Writes every byte at `position`; a single write may take fewer, which is no error. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/** A second name for the current bytes costs no copy, and leaves no moment without a file under the first name. */
async function keepPrevious(path: string): Promise<void> {
  const kept = temporaryName(path)
  try {
    await link(path, kept)
    await rename(kept, previousOf(path))
  } catch (error) {
    if (!isMissing(error)) throw error
  } finally {
    // rename(2) leaves both names when they are already one file: the trace of a crash between the two renames
    await rm(kept, { force: true })
  }
}

/** Where `keepPrevious` keeps the generation before the one at `path`. */
export function previousOf(path: string): string {
  return `${path}.previous`
}

/** Makes the names in a folder, new, renamed or removed, survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r")
  await folder.sync()
}

/** The bytes of a file, or null when there is none. Rejects with `GatewayError("disk-failed")`. */
export async function readOrNull(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (cause) {
    if (isMissing(cause)) return null
    throw new GatewayError("disk-failed", `${path} could not be read: check its owner and the disk`, { cause })
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT"
}

function temporaryName(path: string): string {
  return `${path}.${randomBytes(6).toString("hex")}.tmp`
}

/** Is this the name of a file that `writeDurably` had not finished? */
export function isTemporary(name: string): boolean {
  return /\.[0-9a-f]{12}\.tmp$/.test(name)
}
