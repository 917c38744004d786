import { createHash } from "node:crypto"
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
import { type AtAnswer, AtCommands } from "./at.ts"

/**
 * Nordic nRF91 modems, over an AT host or an AT shell: the key is made in the modem (%KEYGEN) and never leaves it,
 * certificates are written with %CMNG. Source: nRF91x1 Cellular AT Commands, "Security"; nRF Cloud Utilities.
 */
export const nrf91: Dialect = {
  id: "nrf91",
  title: "nRF91 AT commands",
  keyOrigin: "device",
  baudRates: [115200, 1000000],
  detect,
  request,
  store,
  verify,
  connect,
}

/** The security tag that Nordic's samples and nRF Cloud use. */
export const SECURITY_TAG = 16842753

const TYPE = { ca: 0, certificate: 1, key: 2 } as const
/** Making a key takes the modem seconds. */
const KEYGEN_MS = 30_000
const FLASH_MS = 10_000
const REPLACE = "replace-credentials"

/** A modem and how text gets into it. */
interface Modem {
  readonly at: AtCommands
  /** A certificate as the modem will hold it. */
  stored(pem: string): string
  /** The same, as it stands in a command. */
  quoted(pem: string): string
}

async function open(line: Line): Promise<Modem | undefined> {
  const crlf = (pem: string) => pem.replace(/\r?\n/g, "\r\n")
  const shell = line.heard.includes(":~$ ") ? await openShell(line) : undefined
  if (shell !== undefined) return shell
  const at = new AtCommands(line)
  if (await at.isThere()) return { at, stored: crlf, quoted: crlf }
  // AT hosts built for CR LF; a stranger might take a line feed for an answer, so only where Nordic's banner was heard
  const host = new AtCommands(line, undefined, "\r\n")
  if (BANNER.test(line.heard) && (await host.isThere())) return { at: host, stored: crlf, quoted: crlf }
  return openShell(line)
}

/** Zephyr's AT shell takes one line only, in quotes, with \n for the line ends. */
async function openShell(line: Line): Promise<Modem | undefined> {
  const shell = new AtCommands(line, (command) => (/["\\]/.test(command) ? `at '${command}'` : `at ${command}`))
  if (!(await shell.command("AT", { timeoutMs: 400 })).ok) return undefined
  return { at: shell, stored: (pem) => pem, quoted: (pem) => pem.replace(/\n/g, "\\n") }
}

const BANNER = /nRF|AT host|Ready\r\n/

async function detect(line: Line): Promise<Identity | undefined> {
  const modem = await open(line)
  if (modem === undefined || !/^Nordic Semiconductor/i.test((await modem.at.query("AT+CGMI")) ?? "")) return undefined
  const imei = /^\d{15}$/.exec((await modem.at.query("AT+CGSN")) ?? "")?.[0]
  const model = await modem.at.query("AT+CGMM")
  const firmware = await modem.at.query("AT+CGMR")
  const held = await heldBy(modem)
  const state = held.has(TYPE.certificate) && held.has(TYPE.key) ? "active" : held.size === 0 ? "blank" : "pending"
  return { uid: imei, model, firmware, state }
}

/** What the security tag holds: type -> SHA-256 of the contents, upper-case hex. */
async function heldBy({ at }: Modem): Promise<Map<number, string>> {
  const { lines } = await at.command(`AT%CMNG=1,${SECURITY_TAG}`)
  const found = lines.map((line) => /^%CMNG: (\d{1,10}),(\d{1,2})(?:,"([0-9A-Fa-f]{64})")?/.exec(line))
  const own = found.filter((match) => match !== null && Number(match[1]) === SECURITY_TAG)
  return new Map(own.map((match) => [Number(match![2]), (match![3] ?? "").toUpperCase()]))
}

async function request(line: Line, task: Task): Promise<Outcome<KeyRequest>> {
  const modem = await open(line)
  if (modem === undefined) return silent()
  const firmware = (await modem.at.query("AT+CGMR")) ?? ""
  if (isTooOld(firmware)) {
    return refused("modem-too-old", `the modem's firmware ${firmware} cannot make keys; update it to 1.3.0 or newer`)
  }
  const held = await heldBy(modem)
  // a key without its certificate is what an interrupted job left: nobody uses it
  if (held.has(TYPE.certificate)) {
    const answer = task.answer(REPLACE)
    if (answer === undefined) return needsAnswer(REPLACE_QUESTION)
    if (answer !== "yes") return refused("kept", "the modem keeps the certificate it has; nothing was changed")
  }
  const ready = await goOffline(modem)
  if (!ready.ok) return ready
  for (const type of held.keys()) await modem.at.command(`AT%CMNG=3,${SECURITY_TAG},${type}`, { timeoutMs: FLASH_MS })
  const answer = await modem.at.command(`AT%KEYGEN=${SECURITY_TAG},2,0,"CN=${task.commonName}"`, {
    timeoutMs: KEYGEN_MS,
  })
  return answer.ok ? requestIn(answer) : refusalOf(answer)
}

const REPLACE_QUESTION = {
  id: REPLACE,
  kind: "irreversible",
  sentence:
    "The modem holds a certificate and its key already. Replace them? The old key is lost for good, and the device " +
    "cannot connect until the new one is in place.",
} as const

/** `%KEYGEN: "<base64url of the request>.<base64url of a COSE signature by Nordic's key>"`. */
function requestIn({ lines }: AtAnswer): Outcome<KeyRequest> {
  const found = lines.map((line) => /^%KEYGEN: "([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+"$/.exec(line))
  const [, csr] = found.find((match) => match !== null) ?? []
  if (csr === undefined) {
    return failedForNow("garbled", "the modem made a key, but its request did not arrive whole; check the cable")
  }
  return done({ csr: Buffer.from(csr, "base64url") })
}

/** Versions are mfw_nrf9160_1.3.5, mfw_nrf91x1_2.0.2; others are given the benefit of the doubt. */
function isTooOld(firmware: string): boolean {
  const [, major, minor] = /^mfw_nrf9160_(\d+)\.(\d+)\./.exec(firmware) ?? []
  return major !== undefined && Number(major) * 100 + Number(minor) < 103
}

/** Credentials can be changed only while the modem is deactivated. */
async function goOffline({ at }: Modem): Promise<Outcome> {
  await at.command("AT+CMEE=1") // error codes in place of a bare ERROR; older firmware does not know it
  const answer = await at.command("AT+CFUN=4", { timeoutMs: FLASH_MS })
  return answer.ok ? done() : refusalOf(answer)
}

async function store(line: Line, task: Task, material: Material): Promise<Outcome> {
  const modem = await open(line)
  if (modem === undefined) return silent()
  const held = await heldBy(modem)
  if (!held.has(TYPE.key)) return refused("key-lost", "the modem no longer holds the key of this job; start a new one")
  const missing = wanted(modem, material).filter(({ type, hash }) => held.get(type) !== hash)
  if (missing.length === 0) return done()
  const ready = await goOffline(modem)
  if (!ready.ok) return ready
  for (const { type, content } of missing) {
    if (held.has(type)) await modem.at.command(`AT%CMNG=3,${SECURITY_TAG},${type}`, { timeoutMs: FLASH_MS })
    const written = await modem.at.command(`AT%CMNG=0,${SECURITY_TAG},${type},"${content}"`, { timeoutMs: FLASH_MS })
    if (!written.ok) return refusalOf(written)
  }
  task.note(`certificate and trust anchor are in the modem under security tag ${SECURITY_TAG}`)
  return done()
}

/** The modem answers with the SHA-256 of what it holds. */
function wanted(modem: Modem, { rootPem, certificatePem }: Material) {
  const entry = (type: number, pem: string) => {
    const hash = createHash("sha256").update(modem.stored(pem.trimEnd())).digest("hex").toUpperCase()
    return { type, content: modem.quoted(pem.trimEnd()), hash }
  }
  return [entry(TYPE.ca, rootPem), entry(TYPE.certificate, certificatePem)]
}

async function verify(line: Line, _task: Task, material: Material): Promise<Outcome<Verified>> {
  const modem = await open(line)
  if (modem === undefined) return silent()
  const held = await heldBy(modem)
  if (wanted(modem, material).every(({ type, hash }) => held.get(type) === hash)) return done({ proven: true })
  return failedForNow("not-stored", "the modem does not hold what was written; it is written again")
}

async function connect(line: Line, _task: Task, { broker }: Material): Promise<Outcome<Connecting>> {
  const modem = await open(line)
  if (modem === undefined) return silent()
  const answer = await modem.at.command("AT+CFUN=1", { timeoutMs: FLASH_MS })
  if (!answer.ok) return refusalOf(answer)
  const remedy = `restart the device; its firmware must connect to ${broker.host}, port ${broker.port}, with security tag ${SECURITY_TAG}`
  return done({ told: false, remedy })
}

function silent(): Refused {
  return failedForNow("no-answer", "the modem does not answer; check the cable, and that it has power")
}

/** nRF91x1 Cellular AT Commands, %CMNG and %KEYGEN. */
function refusalOf({ code, final }: AtAnswer): Refused {
  return REFUSALS[code ?? 0] ?? (final === "silence" ? silent() : unknown(final))
}

function unknown(final: string): Refused {
  return refused("device-refused", `the modem refuses with "${final}"; look into its AT command reference`)
}

const REFUSALS: Readonly<Record<number, Refused>> = {
  513: failedForNow("not-found", "the modem does not find the key any more (513); try again"),
  514: refused(
    "no-access",
    `the modem denies access to security tag ${SECURITY_TAG} (514); use a modem that is not locked`,
  ),
  515: refused("no-space", "the modem's storage is full (515); delete certificates that are not used (AT%CMNG=3)"),
  518: failedForNow(
    "modem-active",
    "the modem is connected to the network (518); it is switched to flight mode, try again",
  ),
  519: failedForNow("exists", "the modem holds a key already (519); it is deleted, try again"),
  523: failedForNow("keygen-failed", "the modem could not make a key (523); try again"),
  528: failedForNow("power", "the modem warns that its power fails (528); supply it properly and try again"),
}
