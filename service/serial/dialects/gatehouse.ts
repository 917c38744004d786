import { createHash } from "node:crypto"
import type { z } from "zod"
import {
  type Connecting,
  type Dialect,
  done,
  failedForNow,
  type Identity,
  type KeyRequest,
  type Line,
  type Material,
  needsAnswer,
  type Outcome,
  type Refused,
  refused,
  type Task,
  type Verified,
} from "../dialect.ts"
import {
  getAnswer,
  type Hello,
  helloAnswer,
  keyAnswer,
  LONGEST_REQUEST,
  putAnswer,
  testAnswer,
} from "../protocol/answers.ts"
import { type Bundle, type BundleObject, bundleOf, retagged } from "../protocol/bundle.ts"
import { Exchange } from "../protocol/exchange.ts"
import { encodeFrame, LONGEST_FRAME, type Message } from "../protocol/frame.ts"

/** Our own protocol, docs/serial-protocol.md: the key never leaves the device, and every operation may be repeated. */
export const gatehouse: Dialect = {
  id: "gatehouse",
  title: "Gatehouse serial protocol",
  keyOrigin: "device",
  baudRates: [115200, 9600, 921600, 57600],
  detect,
  request,
  store,
  verify,
  connect,
  discard,
}

/** Quick, because strangers are asked as well: the dialogue asks again while the device may be starting. */
const PROBING = { answerMs: 450, tries: 4, waitMs: 0 }

/** The keys we ask for, the best first: every TLS stack of a microcontroller knows P-256. */
const KEYS = ["p256", "p384", "ed25519", "rsa2048", "rsa3072"]

async function detect(line: Line): Promise<Identity | undefined> {
  const answer = await new Exchange(line, PROBING).ask("hello", { v: 1 })
  const { success, data: hello } = helloAnswer.safeParse(answer)
  if (!success) return undefined
  const { uid, model, fw: firmware, st: state, job, cn: commonName, serial: certificate } = hello
  return { uid, model, firmware, state, job, commonName, certificate }
}

async function request(line: Line, task: Task): Promise<Outcome<KeyRequest>> {
  const exchange = new Exchange(line)
  const hello = await asked(exchange, helloAnswer, "hello", { v: 1 })
  if (!hello.ok) return hello
  // best effort: a device may have no clock to set
  await exchange.ask("time", { t: Math.floor(task.now() / 1000) })
  const key = await makeKey(exchange, task, hello.value)
  return key.ok ? fetchRequest(exchange, task, key.value) : key
}

async function makeKey(exchange: Exchange, task: Task, hello: Hello): Promise<Outcome<z.infer<typeof keyAnswer>>> {
  const offered = hello.alg.split(",")
  const alg = KEYS.find((name) => offered.includes(name))
  if (alg === undefined) {
    return refused(
      "no-common-key",
      `the device makes keys of the kinds "${hello.alg}" only, the gateway certifies ${KEYS.join(", ")}; update its firmware`,
    )
  }
  const members = { job: task.job, alg, cn: task.commonName }
  const isOurs = hello.st === "pending" && hello.job === task.job
  if (hello.lock !== "code" || isOurs) return asked(exchange, keyAnswer, "key", members)
  return makeKeyByCode(exchange, task, members)
}

/** What is asked for one after the other: a wrong code may be a slip of the finger. */
const LABEL_CODES = ["label-code", "label-code-2", "label-code-3"]

async function makeKeyByCode(
  exchange: Exchange,
  task: Task,
  members: Message,
): Promise<Outcome<z.infer<typeof keyAnswer>>> {
  const typed = LABEL_CODES.map((id) => task.answer(id)).filter((code) => code !== undefined)
  const last = typed.at(-1)
  const ask = (sentence: string) => needsAnswer({ id: LABEL_CODES[typed.length]!, kind: "code", sentence })
  if (last === undefined) {
    return ask("The device is in service already. Type the code that stands on its label to give it a new key.")
  }
  const key = await asked(exchange, keyAnswer, "key", { ...members, code: plain(last) }, { secret: true })
  if (key.ok || key.code !== "wrong-code" || typed.length === LABEL_CODES.length) return key
  return ask("The device does not accept this code. Read it from the label once more, and type it.")
}

/** A typed code without what a frame cannot carry: it is wrong then anyway, and the device says so. */
function plain(code: string): string {
  return code.replace(/[^ !#-[\]-z|}~]/g, "").slice(0, 64) || "-"
}

async function fetchRequest(
  exchange: Exchange,
  { job }: Task,
  { len, sha }: { readonly len: number; readonly sha: string },
): Promise<Outcome<KeyRequest>> {
  if (len > LONGEST_REQUEST) {
    return refused(
      "request-too-long",
      `the device announces a certificate request of ${len} bytes, at most ${LONGEST_REQUEST} are read; check its firmware`,
    )
  }
  const csr = Buffer.alloc(len)
  for (let off = 0; off < len; ) {
    const answer = await asked(exchange, getAnswer, "get", { job, off })
    if (!answer.ok) return answer
    const chunk = Buffer.from(answer.value.d, "base64")
    if (answer.value.off !== off || off + chunk.length > len) return confused("get")
    off += chunk.copy(csr, off)
  }
  const arrived = createHash("sha256").update(csr).digest("hex")
  return arrived === sha
    ? done({ csr })
    : failedForNow("garbled", "the certificate request did not arrive as the device sent it; check the cable")
}

async function store(line: Line, task: Task, material: Material): Promise<Outcome> {
  const exchange = new Exchange(line)
  const hello = await asked(exchange, helloAnswer, "hello", { v: 1 })
  if (!hello.ok) return hello
  const bundle = bundleOf(task, material)
  if (holds(hello.value, bundle)) return done()
  await exchange.ask("time", { t: Math.floor(task.now() / 1000) })
  const longest = Math.min(hello.value.max, LONGEST_FRAME)
  const first = await putAll(exchange, task, bundle, longest)
  if (first.ok || first.code !== "garbled") return first
  // what the device has was garbled in spite of every CRC; under other tags it begins anew
  return putAll(exchange, task, retagged(bundle), longest)
}

async function putAll(exchange: Exchange, task: Task, bundle: Bundle, longest: number): Promise<Outcome> {
  for (const object of bundle.objects) {
    const put = await putObject(exchange, task, object, longest)
    if (!put.ok) return put
  }
  const answer = await exchange.ask("commit", { job: task.job, sha: bundle.sha })
  return answer?.ok === 1 ? done() : refusalOf(answer)
}

/** Sends one object from wherever the device has it: it answers a wrong offset with the right one. */
async function putObject(exchange: Exchange, task: Task, object: BundleObject, longest: number): Promise<Outcome> {
  const { name, tag, bytes } = object
  let off = 0
  // a device that never gets further is no reason to go on for ever
  for (let tries = 0; tries < bytes.length; tries++) {
    const members = { job: task.job, obj: name, tag, len: bytes.length, off }
    const d = bytes.subarray(off, off + roomIn(members, longest)).toString("base64")
    const answer = await asked(exchange, putAnswer, "put", { ...members, d })
    if (!answer.ok) return answer
    off = answer.value.next
    if (off === bytes.length) return done()
    if (off > bytes.length) return confused("put")
  }
  return confused("put")
}

/** How many bytes fit as base64 into a line of this length beside the other members. */
function roomIn(members: Message, longest: number): number {
  const frame = encodeFrame({ id: 0x7fff_ffff, op: "put", ...members, off: 0xffff, d: "" })
  return Math.max(3, Math.min(64, Math.floor((longest - frame.length) / 4)) * 3)
}

async function verify(line: Line, task: Task, material: Material): Promise<Outcome<Verified>> {
  const hello = await asked(new Exchange(line), helloAnswer, "hello", { v: 1 })
  if (!hello.ok) return hello
  if (holds(hello.value, bundleOf(task, material))) return done({ proven: true })
  return failedForNow("not-stored", "the device does not hold what was stored; it is written again")
}

function holds(hello: Hello, { sha }: Bundle): boolean {
  return hello.st === "active" && hello.sha === sha
}

async function connect(line: Line): Promise<Outcome<Connecting>> {
  const answer = await asked(new Exchange(line), testAnswer, "test")
  if (answer.ok) return done({ told: true, remedy: answer.value.msg })
  return done({ told: false, remedy: `switch the device off and on, so that it connects (${answer.sentence})` })
}

async function discard(line: Line, { job }: Task): Promise<void> {
  await new Exchange(line).ask("reset", { job })
}

/** An answer of the right shape, or why there is none. */
async function asked<Schema extends z.ZodType>(
  exchange: Exchange,
  schema: Schema,
  op: string,
  members: Message = {},
  options: { readonly secret?: boolean } = {},
): Promise<Outcome<z.infer<Schema>>> {
  const answer = await exchange.ask(op, members, options)
  if (answer?.ok !== 1) return refusalOf(answer)
  const { success, data } = schema.safeParse(answer)
  return success ? done(data) : confused(op)
}

function confused(op: string): Refused {
  return refused(
    "device-confused",
    `the device's answer to "${op}" is not what the protocol says; update its firmware (docs/serial-protocol.md)`,
  )
}

/** What each error means for the technician; docs/serial-protocol.md, "Errors". */
function refusalOf(answer: Message | undefined): Refused {
  if (answer === undefined) {
    return failedForNow("no-answer", "the device does not answer; check the cable, and that it has power")
  }
  const known = REFUSALS[String(answer.err)]
  if (known !== undefined) return known
  const said = typeof answer.msg === "string" ? `${answer.err}: ${answer.msg}` : String(answer.err)
  return refused("device-refused", `the device refuses with "${said}"; look into its documentation`)
}

const REFUSALS: Readonly<Record<string, Refused>> = {
  locked: failedForNow(
    "locked",
    "the device is in service and gives its key up only when its button is held; hold it and try again",
  ),
  code: refused("wrong-code", "the device does not accept the code; read it from the label and start again"),
  alg: refused("no-common-key", "the device cannot make the kind of key it was asked for; update its firmware"),
  job: refused("key-lost", "the device has forgotten the key of this job; start a new one"),
  space: refused("no-space", "the device has no room for the certificates; update its firmware"),
  hash: failedForNow("garbled", "what the device stored is not what was sent; check the cable"),
  pair: refused("key-lost", "the certificate does not belong to the device's key; start a new job"),
  store: failedForNow("store-failed", "the device could not write to its storage; try again, or replace it"),
}
