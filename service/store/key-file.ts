import { constants, type FileHandle, mkdir, open } from "node:fs/promises"
import { dirname } from "node:path"
import { GatewayError } from "../errors.ts"
import { isMissing, writeDurably } from "./durable-file.ts"

/**
 * The PEM text of a secret, or null when there is none. A file that group or others may read is closed to them and
 * read all the same: it lies in a 0700 folder, so a lax mode is a slip (a restored backup, a copied file), and a
 * gateway that will not start over it would teach people to fear the check. Anything else that cannot be a key of ours
 * (a link, a folder, another user's file) rejects with `GatewayError("state-unusable")`.
 */
export async function readKeyFile(path: string): Promise<string | null> {
  const opened = await openKey(path)
  if (opened === null) return null
  await using file = opened
  const found = await file.stat()
  const { uid, mode } = found
  if (!found.isFile()) throw unusable(path, "is not a regular file; move away what stands in its place")
  if (uid !== process.geteuid!()) {
    throw unusable(path, `belongs to uid ${uid}; run: chown ${process.geteuid!()} '${path}'`)
  }
  if ((mode & 0o077) !== 0) await file.chmod(0o600)
  return await file.readFile("utf8")
}

/** Keeps a PEM secret: 0600 in a 0700 folder, no previous generation. Rejects with `GatewayError("disk-failed")`. */
export async function writeKeyFile(path: string, pem: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeDurably(path, pem)
}

async function openKey(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (cause) {
    if (isMissing(cause)) return null
    throw unusable(path, "cannot be opened; it must be a regular file of the gateway's own user", cause)
  }
}

function unusable(path: string, problem: string, cause?: unknown): GatewayError {
  return new GatewayError("state-unusable", `the key file ${path} ${problem}`, { cause })
}
