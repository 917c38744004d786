import { chmodSync } from "node:fs"
import { access, chmod, constants, mkdir, readdir, rm, stat } from "node:fs/promises"
import { join, resolve } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { GatewayError } from "../errors.ts"
import { isTemporary } from "./durable-file.ts"

/** The one folder a gateway keeps its state in, held by this process alone until disposed. */
export interface StateDirectory {
  /** Absolute. */
  readonly path: string
  /** The absolute path of a folder in it, made with 0700 when it is not there. */
  folder(name: string): Promise<string>
}

/**
 * Takes possession of the state directory: makes it (0700) when it is not there, closes it to group and others, locks
 * it, and removes the unfinished files of an earlier crash. Rejects with `GatewayError("state-unusable")` when it is
 * no folder, belongs to another user, cannot be written, or is held by a running gateway.
 */
export async function openStateDirectory(path: string): Promise<StateDirectory & AsyncDisposable> {
  const folder = resolve(path)
  await makePrivate(folder)
  const lock = lockOf(folder)
  try {
    await removeUnfinished(folder)
  } catch (error) {
    lock.close()
    throw error
  }
  return {
    path: folder,
    folder: async (name) => {
      await makePrivate(join(folder, name))
      return join(folder, name)
    },
    [Symbol.asyncDispose]: async () => lock.close(),
  }
}

async function makePrivate(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    if (isExisting(cause)) throw unusable(folder, "is not a directory; remove that file, or set another stateDirectory")
    throw unusable(folder, "cannot be made; make it yourself and give it to the gateway's user", cause)
  }
  const found = await stat(folder)
  const uid = process.geteuid!()
  if (found.uid !== uid) {
    const remedy = `run the gateway as that user, or run: chown -R ${uid} '${folder}'`
    throw unusable(folder, `belongs to uid ${found.uid} while the gateway runs as uid ${uid}; ${remedy}`)
  }
  try {
    if ((found.mode & 0o077) !== 0) await chmod(folder, 0o700)
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw unusable(folder, "cannot be written; check its mode (0700) and that its file system is not read-only", cause)
  }
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST"
}

const SQLITE_BUSY = 5

/**
 * Node has no flock. An open transaction of its SQLite is a lock the kernel drops with the process, so it is never
 * stale, and unlike a socket's name it lies in the directory itself: it also holds between containers, and no other
 * user can take it first.
 */
function lockOf(folder: string): DatabaseSync {
  const path = join(folder, "lock")
  const lock = new DatabaseSync(path, { open: false, timeout: 0 })
  try {
    lock.open()
    // nothing is ever written in it, and with its journal in memory nothing beside it either
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE")
    // never through a descriptor of our own: closing one would drop the lock (fcntl(2))
    chmodSync(path, 0o600)
    return lock
  } catch (cause) {
    if (lock.isOpen) lock.close()
    if (cause instanceof Error && "errcode" in cause && cause.errcode === SQLITE_BUSY) {
      throw unusable(folder, "is in use by another running gateway; stop that one, or set another stateDirectory")
    }
    throw unusable(folder, `cannot be locked; check the file '${path}'`, cause)
  }
}

async function removeUnfinished(folder: string): Promise<void> {
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && isTemporary(entry.name)) await rm(join(entry.parentPath, entry.name), { force: true })
    }
  } catch (cause) {
    const remedy = `run: chown -R ${process.geteuid!()} '${folder}'`
    throw unusable(folder, `holds what the gateway's user may not read; ${remedy}`, cause)
  }
}

function unusable(folder: string, problem: string, cause?: unknown): GatewayError {
  return new GatewayError("state-unusable", `the state directory ${folder} ${problem}`, { cause })
}
