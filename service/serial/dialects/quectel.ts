import {
  type Connecting,
  type Dialect,
  done,
  failedForNow,
  type Identity,
  type Line,
  type Material,
  type Outcome,
  type Refused,
  refused,
  type Task,
  type Verified,
} from "../dialect.ts"
import { type AtAnswer, AtCommands } from "./at.ts"

/**
 * Quectel modems. They make no keys, so the gateway does. Newer ones (BG9x, EC2x, EG9x) keep files (+QFUPL), older ones
 * (M66, M95, MC60) a store of their own (+QSECWRITE); the TLS context is +QSSLCFG for both. Source: FILE and SSL AT
 * Commands Manuals of the BG96, EC2x and M66 series.
 */
export const quectel: Dialect = {
  id: "quectel",
  title: "Quectel AT commands",
  keyOrigin: "gateway",
  baudRates: [115200, 9600],
  detect,
  store,
  verify,
  connect,
}

/** The TLS context; 0 to 5. */
const CONTEXT = 1
/** The MQTT client; 0 to 5. */
const CLIENT = 0
/** Seconds the modem waits for the data. */
const UPLOAD_S = 10
const NETWORK_MS = 20_000

/** Where a modem keeps what it is given. */
interface Shelf {
  path(file: string): string
  upload(file: string, bytes: Buffer): string
  remove(file: string): string
  /** Whether the modem says it holds such a file: whole, but none of them tells which one. */
  holds(at: AtCommands, file: string, bytes: Buffer): Promise<boolean>
}

const FILES: Shelf = {
  path: (file) => file,
  upload: (file, { length }) => `AT+QFUPL="${file}",${length},${UPLOAD_S}`,
  remove: (file) => `AT+QFDEL="${file}"`,
  // the listing knows names and sizes; the checksum was compared when the file was written
  holds: async (at, file, { length }) =>
    (await at.command(`AT+QFLST="${file}"`)).lines.some((line) => line === `+QFLST: "${file}",${length}`),
}

const STORE: Shelf = {
  path: (file) => `NVRAM:${file}`,
  upload: (file, { length }) => `AT+QSECWRITE="NVRAM:${file}",${length},${UPLOAD_S}`,
  remove: (file) => `AT+QSECDEL="NVRAM:${file}"`,
  // 1: intact, by a checksum of the modem's own that is not the one of +QSECWRITE
  holds: async (at, file) =>
    (await at.command(`AT+QSECREAD="NVRAM:${file}"`)).lines.some((line) => line.startsWith("+QSECREAD: 1,")),
}

async function detect(line: Line): Promise<Identity | undefined> {
  const at = new AtCommands(line)
  if (!(await at.isThere()) || !/^Quectel/i.test((await at.query("AT+CGMI")) ?? "")) return undefined
  const imei = /^\d{15}$/.exec((await at.query("AT+CGSN")) ?? "")?.[0]
  const model = await at.query("AT+CGMM")
  const firmware = await at.query("AT+CGMR")
  const { lines } = await at.command(`AT+QSSLCFG="clientcert",${CONTEXT}`)
  const state = lines.some((text) => text.includes(CERTIFICATE)) ? "active" : "blank"
  return { uid: imei, model, firmware, state }
}

const CA = "gatehouse-ca.pem"
const CERTIFICATE = "gatehouse-cert.pem"
const KEY = "gatehouse-key.pem"

function files({ rootPem, certificatePem, privateKeyPem = "" }: Material) {
  return [
    { name: CA, bytes: Buffer.from(rootPem), secret: false },
    { name: KEY, bytes: Buffer.from(privateKeyPem), secret: true },
    { name: CERTIFICATE, bytes: Buffer.from(certificatePem), secret: false },
  ]
}

async function store(line: Line, task: Task, material: Material): Promise<Outcome> {
  const at = new AtCommands(line)
  if (!(await at.isThere())) return silent()
  await at.command("AT+CMEE=1") // numbers in place of a bare ERROR
  const shelf = await shelfOf(at)
  for (const file of files(material)) {
    const written = await write(at, shelf, file)
    if (!written.ok) return written
  }
  const configured = await configure(at, shelf)
  if (configured.ok) task.note(`key, certificate and trust anchor are in TLS context ${CONTEXT} of the modem`)
  return configured
}

async function shelfOf(at: AtCommands): Promise<Shelf> {
  // older modems have files as well, but take no certificates from them
  return (await at.command("AT+QSECWRITE=?")).ok ? STORE : FILES
}

async function write(
  at: AtCommands,
  shelf: Shelf,
  { name, bytes, secret }: { readonly name: string; readonly bytes: Buffer; readonly secret: boolean },
): Promise<Outcome> {
  await at.command(shelf.remove(name)) // a file that is there would be refused; one that is not, is an error of no harm
  const answer = await at.upload(shelf.upload(name, bytes), /CONNECT\r\n/, bytes, { secret })
  if (!answer.ok) return refusalOf(answer)
  const [, size, sum] = answer.lines.map((text) => UPLOADED.exec(text)).find((match) => match !== null) ?? []
  if (Number(size) === bytes.length && sum?.padStart(4, "0") === checksum(bytes)) return done()
  return failedForNow("garbled", `${name} did not arrive whole in the modem; check the cable`)
}

const UPLOADED = /^\+(?:QFUPL|QSECWRITE): (\d+),([0-9a-f]{1,4})$/

/** XOR of all 16-bit words, the first byte of each the high one; an odd last byte is a high one too. Lower-case hex. */
export function checksum(bytes: Buffer): string {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum ^= (bytes[i]! << 8) | (bytes[i + 1] ?? 0)
  return sum.toString(16).padStart(4, "0")
}

async function configure(at: AtCommands, shelf: Shelf): Promise<Outcome> {
  const settings = [
    `"cacert",${CONTEXT},"${shelf.path(CA)}"`,
    `"clientcert",${CONTEXT},"${shelf.path(CERTIFICATE)}"`,
    `"clientkey",${CONTEXT},"${shelf.path(KEY)}"`,
    `"seclevel",${CONTEXT},2`, // both ends authenticate
    `"sslversion",${CONTEXT},4`, // all that are known, so TLS 1.2
  ]
  for (const setting of settings) {
    const answer = await at.command(`AT+QSSLCFG=${setting}`)
    if (!answer.ok) return refusalOf(answer)
  }
  const mqtt = await at.command(`AT+QMTCFG="SSL",${CLIENT},1,${CONTEXT}`)
  return mqtt.ok ? done() : refusalOf(mqtt)
}

async function verify(line: Line, _task: Task, material: Material): Promise<Outcome<Verified>> {
  const at = new AtCommands(line)
  if (!(await at.isThere())) return silent()
  const shelf = await shelfOf(at)
  for (const { name, bytes } of files(material)) {
    if (!(await shelf.holds(at, name, bytes))) {
      return failedForNow("not-stored", `the modem does not hold ${name} as it was written; it is written again`)
    }
  }
  return done({ proven: false })
}

async function connect(line: Line, { commonName }: Task, { broker }: Material): Promise<Outcome<Connecting>> {
  const at = new AtCommands(line)
  if (!(await at.isThere())) return silent()
  const remedy = `let the device's firmware connect: AT+QMTOPEN=${CLIENT},"${broker.host}",${broker.port}, then AT+QMTCONN=${CLIENT},"${commonName}"`
  if (!(await at.command(`AT+QMTOPEN=${CLIENT},"${broker.host}",${broker.port}`)).ok)
    return done({ told: false, remedy })
  const opened = await line.readUntil(/\+QMTOPEN: \d,-?\d+\r/, { timeoutMs: NETWORK_MS }).catch(() => "")
  if (!opened.includes(`+QMTOPEN: ${CLIENT},0\r`)) return done({ told: false, remedy })
  const told = (await at.command(`AT+QMTCONN=${CLIENT},"${commonName}"`)).ok
  return done(told ? { told } : { told, remedy })
}

function silent(): Refused {
  return failedForNow("no-answer", "the modem does not answer; check the cable, and that it has power")
}

/** FILE AT Commands Manual, "Summary of Error Codes". */
function refusalOf({ code, final }: AtAnswer): Refused {
  const known = REFUSALS[code ?? 0]
  if (known !== undefined) return known
  return final === "silence"
    ? silent()
    : refused("device-refused", `the modem refuses with "${final}"; look into its AT commands manual`)
}

const REFUSALS: Readonly<Record<number, Refused>> = {
  403: refused("no-space", "the modem's storage is full (403); delete files that are not used (AT+QFDEL)"),
  407: failedForNow("exists", "the modem kept an older file of the same name (407); try again"),
  409: failedForNow("store-failed", "the modem could not write to its storage (409); try again"),
  420: refused("no-space", "the modem's storage is full (420); delete files that are not used (AT+QFDEL)"),
  421: failedForNow("garbled", "the modem waited for more data than came (421); check the cable"),
  423: refused("no-space", "the file is too large for the modem (423); update its firmware"),
  426: failedForNow("file-open", "the file is in use in the modem (426); restart the device and try again"),
}
