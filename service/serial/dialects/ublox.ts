import { createHash, createPrivateKey } from "node:crypto"
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
 * u-blox SARA-R4, SARA-R5 and LARA modems. Their keys come from outside, so the gateway makes them. Source: SARA-R4 AT
 * Commands Manual (UBX-17003787), +USECMNG, +USECPRF, +UMQTT.
 */
export const ublox: Dialect = {
  id: "ublox",
  title: "u-blox AT commands",
  keyOrigin: "gateway",
  baudRates: [115200, 9600],
  detect,
  store,
  verify,
  connect,
}

/** The security profile; 0 to 4. */
const PROFILE = 0
const NETWORK_MS = 20_000

/** One of the three: its type in +USECMNG, its parameter in +USECPRF, and the name it is stored under. */
interface Entry {
  readonly type: 0 | 1 | 2
  readonly parameter: 3 | 5 | 6
  readonly name: string
  readonly pem: string
}

function entries({ rootPem, certificatePem, privateKeyPem = "" }: Material): readonly Entry[] {
  return [
    { type: 0, parameter: 3, name: "gatehouse_ca", pem: rootPem },
    { type: 2, parameter: 6, name: "gatehouse_key", pem: privateKeyPem },
    { type: 1, parameter: 5, name: "gatehouse_cert", pem: certificatePem },
  ]
}

async function detect(line: Line): Promise<Identity | undefined> {
  const at = new AtCommands(line)
  if (!(await at.isThere()) || !/^u-blox/i.test((await at.query("AT+CGMI")) ?? "")) return undefined
  const imei = /^\d{15}$/.exec((await at.query("AT+CGSN")) ?? "")?.[0]
  const model = await at.query("AT+CGMM")
  const firmware = await at.query("AT+CGMR")
  const { lines } = await at.command("AT+USECMNG=3")
  const state = lines.some((text) => text.includes('"gatehouse_cert"')) ? "active" : "blank"
  return { uid: imei, model, firmware, state }
}

async function store(line: Line, task: Task, material: Material): Promise<Outcome> {
  const at = new AtCommands(line)
  if (!(await at.isThere())) return silent()
  await at.command("AT+CMEE=2") // words in place of a bare ERROR
  for (const entry of entries(material)) {
    if (await holds(at, entry)) continue
    const stored = await storeEntry(at, entry)
    if (!stored.ok) return stored
  }
  const configured = await configure(at, task, material)
  if (configured.ok) task.note(`key, certificate and trust anchor are in security profile ${PROFILE} of the modem`)
  return configured
}

async function storeEntry(at: AtCommands, { type, name, pem }: Entry): Promise<Outcome> {
  await at.command(`AT+USECMNG=2,${type},"${name}"`) // one that is not there is an error of no harm
  const bytes = Buffer.from(pem)
  const command = `AT+USECMNG=0,${type},"${name}",${bytes.length}`
  const answer = await at.upload(command, />/, bytes, { secret: type === 2 })
  if (!answer.ok) return refusalOf(answer)
  if (fingerprints(pem).includes(fingerprintIn(answer, 0, type, name))) return done()
  return failedForNow("garbled", `${name} did not arrive whole in the modem; check the cable`)
}

async function holds(at: AtCommands, { type, name, pem }: Entry): Promise<boolean> {
  const answer = await at.command(`AT+USECMNG=4,${type},"${name}"`)
  return answer.ok && fingerprints(pem).includes(fingerprintIn(answer, 4, type, name))
}

/** `+USECMNG: <operation>,<type>,"<name>","<MD5>"`; in lower case, "" when there is none. */
function fingerprintIn({ lines }: AtAnswer, operation: number, type: number, name: string): string {
  const start = `+USECMNG: ${operation},${type},"${name}","`
  const line = lines.find((text) => text.startsWith(start)) ?? ""
  return /^([0-9a-f]{32})"$/i.exec(line.slice(start.length))?.[1]?.toLowerCase() ?? ""
}

/**
 * MD5 as the modem reports it: of the DER it keeps, says the manual, and for a key that may be SEC 1 in place of PKCS#8;
 * of the PEM as sent, say some firmware versions.
 */
function fingerprints(pem: string): readonly string[] {
  const md5 = (bytes: Buffer) => createHash("md5").update(bytes).digest("hex")
  const own = [md5(Buffer.from(pem.replace(/-----[^-]*-----|\s/g, ""), "base64")), md5(Buffer.from(pem))]
  if (!pem.includes("PRIVATE KEY")) return own
  return [...own, md5(createPrivateKey(pem).export({ type: "sec1", format: "der" }))]
}

/** The profile for any TLS socket, and the modem's own MQTT client with the broker's address. */
async function configure(at: AtCommands, { commonName }: Task, material: Material): Promise<Outcome> {
  const profile = [
    `${PROFILE},0,1`, // the server's chain is checked against the trust anchor
    `${PROFILE},1,3`, // TLS 1.2
    ...entries(material).map(({ parameter, name }) => `${PROFILE},${parameter},"${name}"`),
  ]
  for (const setting of profile) {
    const answer = await at.command(`AT+USECPRF=${setting}`)
    if (!answer.ok) return refusalOf(answer)
  }
  const { host, port } = material.broker
  const client = [`0,"${commonName}"`, `2,"${host}",${port}`, `11,1,${PROFILE}`]
  // modems without an MQTT client of their own refuse these; their host has one
  for (const setting of client) await at.command(`AT+UMQTT=${setting}`)
  return done()
}

async function verify(line: Line, _task: Task, material: Material): Promise<Outcome<Verified>> {
  const at = new AtCommands(line)
  if (!(await at.isThere())) return silent()
  for (const entry of entries(material)) {
    if (!(await holds(at, entry))) {
      return failedForNow("not-stored", `the modem does not hold ${entry.name} as it was written; it is written again`)
    }
  }
  return done({ proven: true })
}

async function connect(line: Line, _task: Task, { broker }: Material): Promise<Outcome<Connecting>> {
  const at = new AtCommands(line)
  if (!(await at.isThere())) return silent()
  const told = (await at.command("AT+UMQTTC=1", { timeoutMs: NETWORK_MS })).ok
  const remedy = `let the device's firmware connect to ${broker.host}, port ${broker.port}, with security profile ${PROFILE}`
  return done(told ? { told } : { told, remedy })
}

function silent(): Refused {
  return failedForNow("no-answer", "the modem does not answer; check the cable, and that it has power")
}

/** The modem's words, with +CMEE=2; its codes are not the same in every series. */
function refusalOf({ final }: AtAnswer): Refused {
  if (final === "silence") return silent()
  if (/memory full/i.test(final)) {
    return refused("no-space", "the modem's storage is full; delete certificates that are not used (AT+USECMNG=2)")
  }
  if (/invalid certificate\/key format/i.test(final)) {
    return refused(
      "unreadable",
      `the modem cannot read the kind of key or certificate ("${final}"); update its firmware`,
    )
  }
  return refused("device-refused", `the modem refuses with "${final}"; it may hold as many certificates as it can`)
}
