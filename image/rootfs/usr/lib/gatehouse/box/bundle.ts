import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs"
import { join } from "node:path"
import type { BundleFacts } from "./answer.ts"
import { INCOMING, UPLOADS } from "./paths.ts"
import { runProgram } from "./program.ts"
import { verityRoot } from "./verity.ts"
import { compareVersions, isVersion } from "./version.ts"

/** Why a bundle is not installed: a code of docs/root-requests.md and a sentence. */
export interface Refusal {
  readonly code: string
  readonly message: string
}

const refusal = (code: string, message: string): Refusal => ({ code, message })

export const isRefusal = (value: object): value is Refusal => "code" in value

/**
 * Takes an uploaded bundle away from the service, so that what is judged is what is installed: it is moved to a folder
 * of root's and becomes root's.
 */
export function takeBundle(name: string): string | Refusal {
  const path = fromUploads(name, renameSync)
  if (typeof path !== "string") return path
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  fchownSync(file, 0, 0)
  fchmodSync(file, 0o600)
  closeSync(file)
  return path
}

/** The same for a look at it: the service keeps it. Whatever it does to it meanwhile, an install judges it again. */
export function lookAtBundle(name: string): string | Refusal {
  return fromUploads(name, linkSync, 2)
}

/** Neither the folder nor the file may be a link to somewhere else: root would follow it. */
function fromUploads(name: string, bring: (from: string, to: string) => void, links = 1): string | Refusal {
  const missing = refusal("bundle-missing", `There is no upload ${name}. Upload the bundle again.`)
  if (realpathSync(UPLOADS) !== UPLOADS || !lstatSync(join(UPLOADS, name), { throwIfNoEntry: false })?.isFile()) {
    return missing
  }
  emptyIncoming()
  const path = join(INCOMING, name)
  bring(join(UPLOADS, name), path)
  // judged again here, where nobody else can change what lies there
  const found = lstatSync(path)
  if (found.isFile() && found.nlink === links) return path
  emptyIncoming()
  return missing
}

export function emptyIncoming(): void {
  for (const name of readdirSync(INCOMING)) rmSync(join(INCOMING, name), { recursive: true, force: true })
}

export interface Judgement {
  /** Bytes the uploader announced. */
  readonly announced: number
  readonly compatible: string
  readonly floor: string
  readonly onProgress?: (percent: number) => void
}

/** Judges a bundle as a whole: its form, its signature, whom it is for, its age, and every byte of its content. */
export async function judgeBundle(path: string, expected: Judgement): Promise<BundleFacts | Refusal> {
  const form = judgeForm(path, expected.announced)
  if (form !== undefined) return form
  const { status, output, errors } = await runProgram("rauc", ["info", "--output-format=json-2", path])
  if (status !== 0) return refusalOf(errors)
  const manifest = manifestOf(output)
  const suits = judgeManifest(manifest, expected)
  if (suits !== undefined) return suits
  if (!isContentWhole(path, manifest, expected.onProgress)) {
    return refusal("bundle-damaged", "The bundle's content is not what was signed. Upload it again, from its source.")
  }
  const { version, description, compatible } = manifest
  return { version, notes: description, compatible, bytes: statSync(path).size }
}

const SQUASHFS = 0x73717368

/**
 * What the file's own header tells: a bundle is a squashfs with its length at byte 40, then the hash tree, then the
 * signature and, in the last eight bytes, the signature's length.
 */
function judgeForm(path: string, announced: number): Refusal | undefined {
  const size = statSync(path).size
  const truncated = (of: number) =>
    refusal("bundle-truncated", `Only ${size} of ${of} bytes of the bundle arrived. Upload it again.`)
  if (size < announced) return truncated(announced)
  const header = bytesOf(path, 0, 96)
  if (header.length < 96 || header.readUInt32LE(0) !== SQUASHFS) {
    return refusal("bundle-not-a-bundle", "The file is no Gatehouse bundle. A bundle's name ends with .raucb.")
  }
  const content = Number(header.readBigUInt64LE(40))
  if (size < content) return truncated(content)
  // a squashfs is filled up to 4 KiB; nothing behind it means that nobody signed it
  if (size <= Math.ceil(content / 4096) * 4096) {
    return refusal(
      "bundle-unsigned",
      "The bundle carries no signature. Only bundles signed for this box are installed.",
    )
  }
  const signature = Number(bytesOf(path, size - 8, 8).readBigUInt64BE())
  if (signature > size - content || signature < 64) {
    return refusal("bundle-truncated", "The end of the bundle, with its signature, is missing. Upload it again.")
  }
  return undefined
}

function bytesOf(path: string, position: number, length: number): Buffer {
  const file = openSync(path, "r")
  const bytes = Buffer.alloc(length)
  const read = readSync(file, bytes, 0, length, position)
  closeSync(file)
  return bytes.subarray(0, read)
}

/** RAUC tells one kind of failure from another in words only; these are those of 1.13. */
export function refusalOf(errors: string): Refusal {
  if (/self[- ]signed|issuer certificate|Verify error|untrusted/i.test(errors)) {
    return refusal("bundle-foreign-key", "The bundle is signed, but not by a key that this box trusts.")
  }
  return refusal("bundle-damaged", "The bundle's signature does not fit its content. Upload it again, from its source.")
}

export interface Manifest {
  readonly compatible: string
  readonly version: string
  readonly description: string
  readonly verityHash: string
  readonly veritySalt: string
  /** Bytes of the hash tree. */
  readonly veritySize: number
}

export function manifestOf(json: string): Manifest {
  const { update = {}, bundle = {} } = JSON.parse(json)
  return {
    compatible: update.compatible ?? "",
    version: update.version ?? "",
    description: update.description ?? "",
    verityHash: bundle["verity-hash"] ?? "",
    veritySalt: bundle["verity-salt"] ?? "",
    veritySize: Number(bundle["verity-size"] ?? 0),
  }
}

function judgeManifest({ compatible, version }: Manifest, expected: Judgement): Refusal | undefined {
  if (compatible !== expected.compatible) {
    const message = `The bundle is for ${compatible || "another product"}; this box is ${expected.compatible}.`
    return refusal("bundle-other-board", message)
  }
  if (!isVersion(version)) return refusal("bundle-damaged", `The bundle names no version but "${version}".`)
  if (compareVersions(version, expected.floor) >= 0) return undefined
  const message = `The bundle holds version ${version}, which is older than ${expected.floor}, which this box has had in service.`
  return refusal("bundle-older", `${message} To go back, use the version in the other slot.`)
}

function isContentWhole(path: string, manifest: Manifest, onProgress?: (percent: number) => void): boolean {
  const size = statSync(path).size
  const signature = Number(bytesOf(path, size - 8, 8).readBigUInt64BE())
  const content = size - 8 - signature - manifest.veritySize
  if (content <= 0 || content % 4096 !== 0) return false
  const blocks = content / 4096
  let told = 0
  const onBlocks = (done: number) => {
    const percent = Math.floor((done / blocks) * 100)
    if (percent < told + 10) return
    told = percent
    onProgress?.(percent)
  }
  return verityRoot(path, content, Buffer.from(manifest.veritySalt, "hex"), onBlocks) === manifest.verityHash
}

/** Whether a descriptor is an ordinary file of at most `most` bytes. */
export function isSmallFile(descriptor: number, most: number): boolean {
  const { size, nlink } = fstatSync(descriptor)
  return fstatSync(descriptor).isFile() && nlink === 1 && size <= most
}
