import { createHash, createPrivateKey, X509Certificate } from "node:crypto"
import type { DeviceKey } from "../../service/ca/device-key.ts"
import { LONGEST_FRAME, type Message } from "../../service/serial/protocol/frame.ts"
import { OBJECTS, type ObjectName, type Slot, type Storage } from "./storage.ts"

const CHUNK = 192

export interface FirmwareParts {
  readonly storage: Storage
  readonly model: string
  readonly version: string
  /** What a new key demands once the device is in service; with "code", the code on the label. */
  readonly lock: "none" | "button" | "code"
  readonly code?: string | undefined
  makeKey(commonName: string): Pick<DeviceKey, "keyPem" | "csrPem">
  /** Whether a certificate chain (PEM) belongs to a private key (PEM). */
  isPair(chain: Buffer, key: Buffer): boolean
  /** Begins to connect with the slot in use. */
  connect(): void
}

/** The device's side of docs/serial-protocol.md: an answer to each request, and everything else in the storage. */
export class Firmware {
  readonly #parts: FirmwareParts
  readonly #storage: Storage

  constructor(parts: FirmwareParts) {
    this.#parts = parts
    this.#storage = parts.storage
  }

  /** The answer, or undefined for what is no request. */
  answer(request: Message): Message | undefined {
    const { id, op } = request
    if (typeof id !== "number" || op === undefined) return undefined
    const operation = typeof op === "string" && Object.hasOwn(this.#operations, op) ? this.#operations[op] : undefined
    return { id, ...(operation?.(request) ?? fails("op")) }
  }

  readonly #operations: Readonly<Record<string, (request: Message) => Message>> = {
    hello: ({ v }) => (typeof v === "number" && v >= 1 ? this.#hello() : fails("arg")),
    time: ({ t }) => (typeof t === "number" ? OK : fails("arg")),
    key: (request) => this.#key(request),
    get: (request) => this.#get(request),
    put: (request) => this.#put(request),
    commit: (request) => this.#commit(request),
    test: () => this.#test(),
    reset: (request) => this.#reset(request),
  }

  #hello(): Message {
    const { uid, active, pending } = this.#storage.page
    const { model, version, lock } = this.#parts
    const state = pending !== undefined ? "pending" : active !== undefined ? "active" : "blank"
    const inUse = active === undefined ? {} : { sha: active.sha, ...this.#inUse(active.slot), lock }
    const job = pending === undefined ? {} : { job: pending.job }
    return { ...OK, v: 1, uid, model, fw: version, st: state, max: LONGEST_FRAME, alg: "p256", ...job, ...inUse }
  }

  #inUse(slot: Slot): Message {
    const { cn, serial } = configurationIn(this.#storage.read(slot, "cfg").toString("latin1"))
    return { ...(cn ? { cn } : {}), ...(serial ? { serial } : {}) }
  }

  #key({ job, alg, cn, code }: Message): Message {
    if (!isJob(job) || !isText(alg, 15) || !isText(cn, 64)) return fails("arg")
    if (code !== undefined && !isText(code, 64)) return fails("arg")
    if (this.#storage.page.pending?.job !== job) {
      const refusal = this.#refusalOfKey(alg, code)
      if (refusal !== undefined) return refusal
      this.#begin(job, cn)
    }
    const request = this.#request()
    return { ...OK, len: request.length, sha: createHash("sha256").update(request).digest("hex") }
  }

  #refusalOfKey(alg: string, code: string | undefined): Message | undefined {
    if (alg !== "p256") return fails("alg")
    if (this.#storage.page.active === undefined || this.#parts.lock === "none") return undefined
    if (this.#parts.lock === "button") return fails("locked")
    return code === this.#parts.code ? undefined : fails("code")
  }

  #begin(job: string, cn: string): void {
    const slot = this.#storage.freshSlot()
    const { keyPem, csrPem } = this.#parts.makeKey(cn)
    this.#storage.write(slot, "key.pem", keyPem)
    this.#storage.write(slot, "request.der", Buffer.from(csrPem.replace(/-----.*-----|\s/g, ""), "base64"))
    this.#storage.replace({ ...this.#storage.page, pending: { slot, job, cn }, objects: {} })
  }

  #request(): Buffer {
    return this.#storage.read(this.#storage.page.pending!.slot, "request.der")
  }

  #get({ job, off }: Message): Message {
    if (!isJob(job) || typeof off !== "number") return fails("arg")
    if (this.#storage.page.pending?.job !== job) return fails("job")
    const request = this.#request()
    if (off >= request.length) return fails("arg")
    return { ...OK, off, d: request.subarray(off, off + CHUNK).toString("base64") }
  }

  #put({ job, obj, tag, len, off, d }: Message): Message {
    const bytes = typeof d === "string" ? Buffer.from(d, "base64") : Buffer.alloc(0)
    if (!isJob(job) || !isObject(obj) || !isText(tag, 16)) return fails("arg")
    if (typeof len !== "number" || typeof off !== "number" || len === 0 || bytes.length === 0) return fails("arg")
    if (bytes.toString("base64") !== d) return fails("arg")
    const { page } = this.#storage
    if (page.pending?.job !== job) return fails("job")
    const { slot } = page.pending
    if (page.objects[obj]?.tag !== tag || page.objects[obj].length !== len) {
      this.#storage.write(slot, obj, "")
      this.#storage.replace({ ...page, objects: { ...page.objects, [obj]: { tag, length: len } } })
    }
    const stored = this.#storage.stored(slot, obj)
    if (off === stored && bytes.length <= len - off) this.#storage.append(slot, obj, bytes)
    return { ...OK, next: this.#storage.stored(slot, obj) }
  }

  #commit({ job, sha }: Message): Message {
    if (!isJob(job) || !isText(sha, 64) || sha.length !== 64) return fails("arg")
    const { active, pending, objects } = this.#storage.page
    if (active?.sha === sha) return OK
    if (pending?.job !== job) return fails("job")
    const { slot } = pending
    const complete = OBJECTS.every((name) => objects[name]?.length === this.#storage.stored(slot, name))
    const hash = createHash("sha256")
    if (complete) for (const name of OBJECTS) hash.update(this.#storage.read(slot, name))
    if (!complete || hash.digest("hex") !== sha) return fails("hash")
    if (!this.#pairs(slot)) return fails("pair")
    this.#storage.replace({ ...this.#storage.page, active: { slot, sha }, pending: undefined, objects: {} })
    return OK
  }

  /** Whether the certificate belongs to the key. */
  #pairs(slot: Slot): boolean {
    return this.#parts.isPair(this.#storage.read(slot, "chain"), this.#storage.read(slot, "key.pem"))
  }

  #test(): Message {
    if (this.#storage.page.active === undefined) return fails("unsupported")
    this.#parts.connect()
    return { ...OK, net: "connecting" }
  }

  #reset({ job }: Message): Message {
    if (!isJob(job)) return fails("arg")
    if (this.#storage.page.pending?.job !== job) return OK
    this.#storage.freshSlot()
    this.#storage.replace({ ...this.#storage.page, pending: undefined, objects: {} })
    return OK
  }
}

const OK: Message = { ok: 1 }

function fails(err: string): Message {
  return { err }
}

function isJob(job: string | number | undefined): job is string {
  return typeof job === "string" && /^[a-z0-9]{1,32}$/.test(job)
}

function isText(text: string | number | undefined, longest: number): text is string {
  return typeof text === "string" && text.length >= 1 && text.length <= longest
}

function isObject(name: string | number | undefined): name is ObjectName {
  return OBJECTS.some((known) => known === name)
}

/** What `isPair` does in earnest. */
export function belongsTo(chain: Buffer, key: Buffer): boolean {
  try {
    return new X509Certificate(chain).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false // the chain is no certificate
  }
}

/** The lines of `name=value` a device was given. */
export function configurationIn(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text
      .split("\n")
      .filter((line) => line.includes("="))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  )
}
