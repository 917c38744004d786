import { constants, type FileHandle, open, rename, unlink } from "node:fs/promises"
import { dirname } from "node:path"
import { GatewayError, reasonOf } from "../errors.ts"
import { parseJson } from "../json.ts"
import { isMissing, syncFolder } from "./durable-file.ts"

const MOST_BYTES = 16 * 1024 * 1024

/**
 * The JSON value of a bootstrap file, which carries secrets of a first start. Rejects with
 * `GatewayError("bootstrap-invalid")` unless it is a regular file of the service's user or root that only its owner
 * can reach, and holds at most 16 MiB of JSON.
 */
export async function readBootstrapFile(path: string): Promise<unknown> {
  await using file = await openFile(path)
  const found = await file.stat()
  const { size, nlink, uid, mode } = found
  if (!found.isFile()) throw invalid(path, "is not a regular file")
  if (uid !== process.geteuid!() && uid !== 0) {
    throw invalid(path, `belongs to uid ${uid}; run: chown ${process.geteuid!()} '${path}'`)
  }
  if ((mode & 0o077) !== 0) throw invalid(path, `can be reached by more than its owner; run: chmod 600 '${path}'`)
  // removing one name would leave its secrets under the other
  if (nlink > 1) throw invalid(path, "has a second name (a hard link); copy it to a file of its own")
  if (size > MOST_BYTES) throw invalid(path, `holds ${size} bytes, more than ${MOST_BYTES}`)
  try {
    return parseJson(await file.readFile("utf8"))
  } catch (error) {
    throw invalid(path, `cannot be read: ${reasonOf(error)}`)
  }
}

/**
 * Rejects with `GatewayError("bootstrap-invalid")` when there is no file, or it could not be removed after use. To be
 * asked before anything of it is applied: it would be applied again at the next start.
 */
export async function assertRemovable(path: string): Promise<void> {
  const aside = `${path}.aside`
  try {
    // a rename needs what a removal needs, and so knows sticky folders, immutable files and mount points too
    await renameFrom(path, aside)
    await rename(aside, path)
  } catch (cause) {
    if (isMissing(cause)) throw invalid(path, "is not there; put it there, or take bootstrap out of the configuration")
    throw invalid(path, "could not be removed after use; move it to a folder the gateway may write", cause)
  }
}

/** A file that lies aside already is the trace of a power cut between the two renames. */
async function renameFrom(path: string, aside: string): Promise<void> {
  try {
    await rename(path, aside)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

/**
 * Removes the file for good; tells whether there was one. Rejects with `GatewayError("bootstrap-invalid")`: a start
 * must not go on beside it.
 */
export async function removeBootstrapFile(path: string): Promise<boolean> {
  try {
    await unlink(path)
    await syncFolder(dirname(path))
    return true
  } catch (cause) {
    if (isMissing(cause)) return false
    throw invalid(path, "could not be removed after use; remove it by hand and start the gateway again", cause)
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    // a pipe in its place would hold up the start for ever
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (cause) {
    throw invalid(path, "cannot be opened; it must be a regular file the gateway's user may read", cause)
  }
}

function invalid(path: string, problem: string, cause?: unknown): GatewayError {
  return new GatewayError("bootstrap-invalid", `the bootstrap file ${path} ${problem}`, { cause })
}
