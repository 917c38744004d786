import { createHash } from "node:crypto"
import {
  type Connecting,
  type Dialect,
  done,
  failedForNow,
  type Identity,
  isTimeout,
  type Line,
  type Material,
  needsAnswer,
  type Outcome,
  type Refused,
  refused,
  type Task,
  type Verified,
} from "../dialect.ts"
import { plain } from "./at.ts"

/**
 * Zephyr's `cred` shell commands (CONFIG_TLS_CREDENTIALS_SHELL). The shell can make no key, so the gateway does.
 * Source: subsys/net/lib/tls_credentials/tls_credentials_shell.c, TLS Credentials Shell in Zephyr's documentation.
 */
export const zephyr: Dialect = {
  id: "zephyr",
  title: "Zephyr TLS credentials shell",
  keyOrigin: "gateway",
  baudRates: [115200],
  detect,
  store,
  verify,
  connect,
}

/** The tag that Nordic's and Zephyr's cloud samples use. */
export const SECURITY_TAG = 16842753
/** Short enough for every shell's command buffer, and for a line of 80 columns: the shell breaks longer ones up. */
const CHUNK = 48
const ANSWER_MS = 2000
const MOST_LINES = 200
const REPLACE = "replace-credentials"

/** The shell's name for a credential, and its DER; DER in base64 fits where PEM in base64 would not. */
interface Credential {
  readonly type: "CA" | "SERV" | "PK"
  readonly der: Buffer
}

async function detect(line: Line): Promise<Identity | undefined> {
  const listed = await list(line, `cred list ${SECURITY_TAG}`, 600)
  if (listed === undefined) return undefined
  const version = await said(line, "kernel version", /^Zephyr version (.{1,40})$/)
  const id = await said(line, "hwinfo devid", /^ID: 0x([0-9a-f]{4,64})$/)
  const state = listed.has("SERV") && listed.has("PK") ? "active" : listed.size === 0 ? "blank" : "pending"
  return { uid: id?.[1], firmware: version === undefined ? undefined : `Zephyr ${version[1]}`, state }
}

async function store(line: Line, task: Task, material: Material): Promise<Outcome> {
  const held = await list(line)
  if (held === undefined) return silent()
  const missing = credentials(material).filter(({ type, der }) => held.get(type) !== digest(der))
  const lost = missing.some(({ type }) => held.has(type))
  if (lost && task.answer(REPLACE) === undefined) return needsAnswer(REPLACE_QUESTION)
  if (lost && task.answer(REPLACE) !== "yes")
    return refused("kept", "the device keeps the credentials it has; nothing was changed")
  // the echo of a key must not be broken up by escape sequences, or the log could not hide it
  await tell(line, "shell echo off")
  for (const credential of missing) {
    if (held.has(credential.type)) await remove(line, credential)
    const added = await add(line, credential)
    if (!added.ok) return added
  }
  task.note(`key, certificate and trust anchor are in the device under security tag ${SECURITY_TAG}`)
  return done()
}

const REPLACE_QUESTION = {
  id: REPLACE,
  kind: "irreversible",
  sentence: `The device holds other credentials under security tag ${SECURITY_TAG}. Replace them? They are lost for good.`,
} as const

/** The root, the device's own certificate and its key, in an order in which an interrupted job does no harm. */
function credentials({ rootPem, certificatePem, privateKeyPem = "" }: Material): readonly Credential[] {
  return [
    { type: "CA", der: derOf(rootPem) },
    { type: "PK", der: derOf(privateKeyPem) },
    { type: "SERV", der: derOf(certificatePem) },
  ]
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]*-----|\s/g, ""), "base64")
}

/** What `cred list` shows for it: the SHA-256 of what is stored, in base64. */
function digest(der: Buffer): string {
  return createHash("sha256").update(der).digest("base64")
}

async function add(line: Line, { type, der }: Credential): Promise<Outcome> {
  const secret = type === "PK"
  const text = der.toString("base64")
  await tell(line, "cred buf clear") // says nothing in some versions when the buffer was empty
  for (let at = 0; at < text.length; at += CHUNK) {
    const chunk = text.slice(at, at + CHUNK)
    const answer = await answered(line, `cred buf ${chunk}`, /^Stored (\d+) bytes\.$|^Not enough room/, { secret })
    if (answer === undefined) return silent()
    if (answer[1] === undefined) return refused("buffer-too-small", ROOM)
    if (Number(answer[1]) !== chunk.length) return failedForNow("garbled", "a line arrived short; check the cable")
  }
  const added = await answered(line, `cred add ${SECURITY_TAG} ${type} DEFAULT bin`, ADDED)
  if (added === undefined) return silent()
  return added[0].startsWith("Added")
    ? done()
    : refused("device-refused", `the device stores nothing (${added[0]}); look into its firmware`)
}

const ROOM =
  "the shell's credential buffer is too small; build the firmware with CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE=2048"
const ADDED =
  /^Added TLS credential .*|^(?:TLS credential with .*already exists|Failed to add|Could not decode|Please provide|No reference slot|Not enough heap).*/

async function remove(line: Line, { type }: Credential): Promise<void> {
  await answered(line, `cred del ${SECURITY_TAG} ${type}`, /^(?:Deleted|There is no) TLS credential/)
}

async function verify(line: Line, _task: Task, material: Material): Promise<Outcome<Verified>> {
  const held = await list(line)
  await tell(line, "shell echo on")
  if (held === undefined) return silent()
  const whole = credentials(material).filter(({ type, der }) => held.get(type) === digest(der))
  if (whole.length === 3) return done({ proven: true })
  return failedForNow("not-stored", "the device does not hold what was written; it is written again")
}

async function connect(_line: Line, _task: Task, { broker }: Material): Promise<Outcome<Connecting>> {
  const remedy = `restart the device; its firmware must connect to ${broker.host}, port ${broker.port}, with security tag ${SECURITY_TAG}`
  return done({ told: false, remedy })
}

/** `cred list`: type -> digest ("" for one the backend cannot hash). Undefined when there is no such command. */
async function list(
  line: Line,
  command = `cred list ${SECURITY_TAG}`,
  timeoutMs = ANSWER_MS,
): Promise<Map<string, string> | undefined> {
  const held = new Map<string, string>()
  const seen = (text: string) => {
    const [, tag, type, hash, status] = /^(\d+),([A-Z_]+),([A-Za-z0-9+/=]+),(-?\d+)$/.exec(text) ?? []
    if (Number(tag) === SECURITY_TAG && type !== undefined) held.set(type, status === "0" ? hash! : "")
  }
  const end = await answered(line, command, /^\d+ credentials found\.$/, { timeoutMs, seen })
  return end === undefined ? undefined : held
}

async function said(line: Line, command: string, wanted: RegExp): Promise<RegExpExecArray | undefined> {
  return answered(line, command, wanted, { timeoutMs: 300 })
}

/** For commands whose answer does not matter, or that a firmware may not know. */
async function tell(line: Line, command: string): Promise<void> {
  await line.write(`${command}\r`)
  await line.readUntil("$ ", { timeoutMs: 300 }).catch((error) => {
    if (!isTimeout(error)) throw error
  })
}

interface Reading {
  readonly timeoutMs?: number
  readonly secret?: boolean
  readonly seen?: (line: string) => void
}

/** Sends a command; the first line of its output that is wanted, or undefined when none comes in time. */
async function answered(
  line: Line,
  command: string,
  wanted: RegExp,
  { timeoutMs = ANSWER_MS, secret = false, seen = () => {} }: Reading = {},
): Promise<RegExpExecArray | undefined> {
  line.discard()
  await line.write(`${command}\r`, { secret })
  const until = performance.now() + timeoutMs
  try {
    for (let count = 0; count < MOST_LINES; count++) {
      const text = plain(await line.readLine({ timeoutMs: Math.max(1, until - performance.now()) }))
      const match = wanted.exec(text)
      if (match !== null) return match
      seen(text)
      if (/command not found$/.test(text)) return undefined
    }
  } catch (error) {
    if (!isTimeout(error)) throw error
  }
  return undefined
}

function silent(): Refused {
  return failedForNow("no-answer", "the device's shell does not answer; check the cable, and that it has power")
}
