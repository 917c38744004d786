import { createWriteStream } from "node:fs"
import { open, readdir, rename, rm, stat, statfs } from "node:fs/promises"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { UploadedBundle } from "../appliance.ts"
import { GatewayError } from "../errors.ts"
import { syncFolder } from "./durable-file.ts"

/** Space on the disk that an upload must leave to the state. */
const RESERVE_BYTES = 64 * 1024 * 1024
const ENDING = ".raucb"
const UNFINISHED = ".part"

/** The folder in which an update bundle waits for root: at most one, whole, and on the disk for good. */
export class Uploads {
  readonly #folder: string
  #receiving = false

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Removes what an earlier process had not finished. */
  static async open(folder: string): Promise<Uploads> {
    await removeAll(folder, UNFINISHED)
    return new Uploads(folder)
  }

  /** Takes a bundle as `name`; see `Appliance.receive`. The one before goes first: there may be room for one only. */
  async receive(name: string, bundle: Readable, bytes: number): Promise<UploadedBundle> {
    if (this.#receiving) throw new GatewayError("busy", "another bundle is being uploaded; wait for its end")
    this.#receiving = true
    const part = join(this.#folder, name + UNFINISHED)
    try {
      await removeAll(this.#folder, ENDING)
      await this.#assertRoom(bytes)
      await written(part, bundle, bytes)
      await rename(part, join(this.#folder, name + ENDING))
      await syncFolder(this.#folder)
      return { bundle: name + ENDING, bytes }
    } catch (error) {
      await rm(part, { force: true }).catch(() => {})
      throw refusalOf(error)
    } finally {
      this.#receiving = false
    }
  }

  async current(): Promise<UploadedBundle | undefined> {
    const bundle = (await readdir(this.#folder)).find((name) => name.endsWith(ENDING))
    if (bundle === undefined) return undefined
    const found = await stat(join(this.#folder, bundle)).catch(() => undefined) // root may just have removed it
    return found && { bundle, bytes: found.size }
  }

  async #assertRoom(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#folder)
    const room = Math.max(0, bavail * bsize - RESERVE_BYTES)
    if (bytes <= room) return
    throw new GatewayError("no-room", `the bundle has ${bytes} bytes, and there is room for ${room}; free some space`)
  }
}

async function written(path: string, bundle: Readable, bytes: number): Promise<void> {
  let taken = 0
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      taken += chunk.length
      if (taken > bytes) break
      yield chunk
    }
  }
  await pipeline(bundle, counted, createWriteStream(path, { flags: "wx", mode: 0o600 }))
  if (taken !== bytes) throw ended(bytes)
  await using file = await open(path, "r+")
  await file.sync()
}

function ended(bytes: number): GatewayError {
  return new GatewayError("bad-request", `the upload has not the ${bytes} bytes that it announced; send it again`)
}

function refusalOf(error: unknown): unknown {
  if (error instanceof GatewayError) return error
  const code = error instanceof Error && "code" in error ? error.code : undefined
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new GatewayError("no-room", "the disk became full during the upload; free some space and send it again")
  }
  const broken = code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ECONNRESET"
  if (broken) return new GatewayError("bad-request", "the upload broke off; send it again")
  return new GatewayError("disk-failed", "the bundle could not be written", { cause: error })
}

async function removeAll(folder: string, ending: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.endsWith(ending)) await rm(join(folder, name), { force: true })
}
