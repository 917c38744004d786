import { createHash, randomBytes } from "node:crypto"
import { type AccessDocument, emptyAccess } from "../../../service/access/access-document.ts"
import { Accounts } from "../../../service/access/accounts.ts"
import { Attempts } from "../../../service/access/attempts.ts"
import type { ConnectedClient } from "../../../service/access/clients.ts"
import type { Directory } from "../../../service/access/directory.ts"
import { Door } from "../../../service/access/door.ts"
import { History, noHistory } from "../../../service/access/history.ts"
import { noTokens } from "../../../service/access/kept-tokens.ts"
import type { SeenMessage } from "../../../service/access/messages.ts"
import { Passwords } from "../../../service/access/password.ts"
import { Registry } from "../../../service/access/registry.ts"
import { covers } from "../../../service/access/topic.ts"
import type { User } from "../../../service/access/user.ts"
import { Audit } from "../../../service/audit.ts"
import { parseCsr } from "../../../service/ca/csr.ts"
import { IssueLog, type IssueRecord } from "../../../service/ca/issue-log.ts"
import { GatewayError } from "../../../service/errors.ts"
import { EventHub } from "../../../service/events.ts"
import { Health } from "../../../service/health.ts"
import type { Gateway, TrustedAuthority } from "../../../service/http/ports.ts"
import { defaultLimits } from "../../../service/limits.ts"
import { openLog } from "../../../service/log.ts"
import { noJobs } from "../../../service/provisioning/job.ts"
import { Jobs } from "../../../service/provisioning/jobs.ts"
import { Provisioning } from "../../../service/provisioning/provisioning.ts"
import type { SerialPortState } from "../../../service/provisioning/station.ts"
import { RecentLog } from "../../../service/recent-log.ts"
import type { FakeClock } from "../../support/fake-clock.ts"
import { MemoryDocument } from "../../support/memory-document.ts"

export const PASSWORD = "correct horse battery"
export const CODE = "ABCD-EFGH-JKMN"
const passwords = new Passwords(4)
let hash: Promise<string> | undefined

/** People of every role and devices of every kind; every password is PASSWORD. */
export async function population(): Promise<AccessDocument> {
  hash ??= passwords.hash(PASSWORD)
  return populated(await hash)
}

function populated(hash: string): AccessDocument {
  const person = (username: string, ...roles: string[]): User => ({
    ...{ username, roles, permissions: [], enabled: true },
    grant: { kind: "password", hash, forPeople: true },
  })
  const device = (username: string, more: Partial<User> = {}): User => ({
    ...{ username, roles: ["device"], permissions: [], enabled: true },
    grant: { kind: "certificate", issuer: "gatehouse" },
    ...more,
  })
  return {
    ...emptyAccess(),
    claimed: true,
    users: [
      person("anna", "admin"),
      person("tom", "technician"),
      person("vera", "viewer"),
      person("otto"),
      { ...person("dora", "viewer"), enabled: false },
      device("pump"),
      device("boss", { roles: ["admin"] }),
      device("valve", { enabled: false }),
      device("foreign", { grant: { kind: "certificate", issuer: "plant7" } }),
      device("pinned", { grant: { kind: "certificate", issuer: "gatehouse", publicKey: "ab".repeat(32) } }),
      device("plain", { grant: { kind: "password", hash, forPeople: false } }),
    ],
  }
}

const PORT: SerialPortState = {
  plug: { path: "/dev/ttyUSB0", vendorId: "10c4", productId: "ea60", location: "1-1.2" },
  appearedAt: 0,
  use: "free",
  log: [],
}

/** The real domain on a document in memory, with an authority, a trust bundle and clients that are made up. */
export function gatewayOf(
  directory: Directory,
  clock: FakeClock,
  lines: string[],
  clients: Map<string, ConnectedClient>,
): Gateway {
  const accounts = new Accounts(
    directory,
    passwords,
    (issuer) => issuer === "gatehouse" || issuer === "plant7",
    () => clock.now(),
  )
  const records: IssueRecord[] = []
  const issueLog = new IssueLog({ records: [], append: async (record) => void records.push(record) })
  const authority = authorityOf(issueLog, clock)
  const jobs = new Jobs(new MemoryDocument(noJobs()), clock)
  let sealed = false
  return {
    ...{ version: "1.2.3", hostname: "gatehouse-1234abcd", directory, accounts, passwords, issueLog, clock },
    attempts: new Attempts(clock),
    limits: defaultLimits(1024 ** 3),
    keptTokens: new MemoryDocument(noTokens()),
    authority,
    provisioning: new Provisioning({
      ...{ jobs, directory, accounts, authority, issueLog, clock },
      hosts: () => ["192.0.2.1", "gatehouse.local"],
      port: () => 8883,
    }),
    transcripts: { read: async () => [{ at: 0, way: "note", text: "recognised" }] },
    station: {
      ports: () => [PORT],
      async recognise(path) {
        if (path === PORT.plug.path) return PORT
        throw new GatewayError("not-found", "there is no such serial port; see the list of ports")
      },
      onPorts: () => () => {},
    },
    serialEnabled: true,
    pageAuthority: { certPem: "PAGE\n", fingerprint: "ef".repeat(32), words: ["zoo"], names: ["localhost"] },
    trust: trustOf(),
    clients: {
      get count() {
        return clients.size
      },
      list: () => [...clients.values()],
      find: (id) => clients.get(id),
      disconnect: (id) => clients.delete(id),
      counters: () => ({ published: 7, limitTopicLevels: 3 }),
    },
    messages: messagesOf(),
    history: new History(new MemoryDocument(noHistory())),
    audit: new Audit({ records: [], append: async () => {} }, clock, 1000),
    recentLog: new RecentLog(clock),
    rates: { samples: [] },
    ownCertificates: () => [],
    isTimeSynchronised: async () => undefined,
    activity: { of: () => undefined },
    reach: () => ({ names: ["gateway.example"], addresses: ["192.0.2.1"] }),
    storage: async () => ({ freeBytes: 1e9, totalBytes: 4e9 }),
    door: new Door(() => clock.now()),
    health: new Health(() => clock.now()),
    events: new EventHub(clock),
    log: openLog("debug", (line) => lines.push(line)),
    listeners: () => [{ name: "mqtts", host: "*", port: 8883, open: true }],
    alive: () => true,
    registry: new Registry({ directory, accounts, passwords, clock }),
    servers: { shown: () => [], upload: async () => {}, withdraw: async () => {} },
    claiming: {
      code: CODE,
      latest: undefined,
      async claim(username, password) {
        await accounts.claim(username, password)
        return { recoveryKey: "recovery" }
      },
      async undo() {
        throw new GatewayError("conflict", "there is no claim to take back")
      },
    },
    backup: async () => ({ file: "/state/broker/backup.db", bytes: 4096 }),
    async sealRoot() {
      if (sealed) throw new GatewayError("conflict", "the root key is sealed already")
      sealed = true
      return "recovery"
    },
  }
}

/** A broker that shows what is published by hand, as it is, to whoever watches. */
function messagesOf(): Gateway["messages"] {
  const watchers = new Set<(message: SeenMessage) => void>()
  return {
    watch(filter, listener) {
      const see = (message: SeenMessage) => covers(filter, message.topic) && listener(message)
      watchers.add(see)
      return () => watchers.delete(see)
    },
    retained: (filter, most, mayRead) =>
      [{ topic: "plant/kept", payload: Buffer.from("1"), qos: 0 as const, retain: true, publisher: "" }]
        .filter(({ topic }) => covers(filter, topic) && mayRead(topic))
        .slice(0, most),
    async publish(policy, { topic, ...rest }) {
      if (!policy.mayWrite(topic)) return { ok: false, cause: "not-allowed", sentence: `not to ${topic}` }
      for (const see of watchers) see({ topic, ...rest, publisher: "" })
      return { ok: true, topic, receivers: watchers.size }
    },
  }
}

function authorityOf(log: IssueLog, clock: FakeClock): Gateway["authority"] {
  return {
    anchors: ["ISSUING\n", "ROOT\n"],
    chainOf: ({ serial }) => (serial.startsWith("0") ? undefined : "LEAF\nISSUING\n"),
    crl: () => ({ pem: "CRL\n", der: Buffer.from([0x30, 0x80, 0xff]) }),
    revoke: (serial, reason, by) => log.revoke(serial, reason, by, clock.now()),
    async issue({ commonName, csr, lifetimeDays, by, through }) {
      const verdict = parseCsr(csr)
      if (!verdict.ok) throw new GatewayError("csr-refused", verdict.sentence)
      const days = lifetimeDays === "never" ? 99_999 : (lifetimeDays ?? 398)
      const notAfter = clock.now() + days * 86_400_000
      const serial = randomBytes(16).toString("hex")
      const { spkiHash } = verdict
      const sha256 = createHash("sha256").update(serial).digest("hex")
      const what = { commonName, spkiHash, notAfter, by, through, serial, sha256, at: clock.now() }
      await log.record({ ...what, keyOrigin: "device", kind: "device", authority: "00".repeat(20) })
      const pems = { certificatePem: "LEAF\n", chainPem: "LEAF\nISSUING\n", rootPem: "ROOT\n" }
      return { serial, fingerprint: sha256, ...pems, notAfter, commonName, spkiHash }
    },
  }
}

function trustOf(): Gateway["trust"] {
  const held = new Map<string, TrustedAuthority>()
  return {
    list: () => [...held.values()],
    async add(pem, { id = "made", name = "made", scope }) {
      if (pem !== "GOOD") throw new GatewayError("certificate-refused", "certificate 1 of 1 is no authority")
      if (held.has(id)) throw new GatewayError("conflict", `the id ${id} is taken`)
      held.set(id, { id, name, subject: "CN=Plant 7", scope, fingerprint: "cd".repeat(32), notAfter: 0 })
      return [held.get(id)!]
    },
    async setRevocationList(id) {
      const known = held.get(id)
      if (known === undefined) throw new GatewayError("not-found", `there is no trusted authority ${id}`)
      return known
    },
    async remove(id) {
      if (!held.delete(id)) throw new GatewayError("not-found", `there is no trusted authority ${id}`)
    },
  }
}
