import type { Journal } from "../document.ts"
import { GatewayError } from "../errors.ts"
import { FirstConnections } from "./first-connections.ts"
import {
  type ChangedRecord,
  changedEntry,
  changedRecord,
  entryOf,
  type IssuedRecord,
  type IssueEntry,
  type IssueRecord,
  issuedRecord,
} from "./issue-record.ts"

export { type IssueEntry, type IssueRecord, isLaterRecord, issueRecord, stateAt } from "./issue-record.ts"

/**
 * Every certificate we signed, and what became of it. A certificate is handed out, and counts, only once its record is
 * on the disk; a revocation likewise. Serials and hashes are lower-case hex.
 */
export class IssueLog {
  readonly #journal: Journal<IssueRecord>
  readonly #firstConnections: FirstConnections
  readonly #bySerial = new Map<string, IssueEntry>()
  readonly #byUser = new Map<string, string[]>()
  /** SPKI hash -> serials. */
  readonly #byKey = new Map<string, string[]>()
  /** SPKI hash -> how many certificates for it are on their way to the disk, and under which name. */
  readonly #recording = new Map<string, { readonly owner: string; readonly count: number }>()
  readonly #pending = new Set<string>()
  readonly #listeners = new Set<(entry: IssueEntry) => void>()
  #newestAt = 0
  #ended = 0

  constructor(journal: Journal<IssueRecord>) {
    this.#journal = journal
    this.#firstConnections = new FirstConnections(journal)
    for (const record of journal.records) {
      if (record.record === "issued") this.#add(record)
      else this.#apply(record)
    }
  }

  find(serial: string): IssueEntry | undefined {
    return this.#bySerial.get(serial)
  }

  /** Every certificate with this common name, the oldest first. */
  ofUser(commonName: string): IssueEntry[] {
    return (this.#byUser.get(commonName) ?? []).map((serial) => this.#bySerial.get(serial)!)
  }

  /** Every certificate for this public key, the oldest first. */
  ofKey(spkiHash: string): IssueEntry[] {
    return (this.#byKey.get(spkiHash) ?? []).map((serial) => this.#bySerial.get(serial)!)
  }

  /** Whether a certificate was ever issued for this name. */
  hasIssuedFor(commonName: string): boolean {
    return this.#byUser.has(commonName)
  }

  /** All of them, the oldest first. */
  entries(): IssueEntry[] {
    return [...this.#bySerial.values()]
  }

  /** Those handed out and not yet seen in a connection, the oldest first. */
  pending(): IssueEntry[] {
    return Array.from(this.#pending, (serial) => this.#bySerial.get(serial)!)
  }

  /** When the newest certificate was issued, by the clock of that moment; 0 when there is none. */
  get newestAt(): number {
    return this.#newestAt
  }

  /** How many revocations and supersessions there were; only ever grows, also over restarts. */
  get ended(): number {
    return this.#ended
  }

  /**
   * Records a certificate; only then may it be handed out. Rejects with `GatewayError("csr-refused")` when its key has a
   * certificate under another name, or is about to get one, and with `GatewayError("disk-failed")`.
   */
  async record(issued: Omit<IssuedRecord, "record">): Promise<IssueEntry> {
    // parsed before it is written: a line that could not be read back would stop the next start
    const record = issuedRecord.parse({ record: "issued", ...issued })
    this.#reserve(record)
    try {
      await this.#journal.append(record)
      return this.#add(record)
    } finally {
      this.#release(record)
    }
  }

  #reserve({ spkiHash, commonName }: IssuedRecord): void {
    const recording = this.#recording.get(spkiHash)
    const owner = recording?.owner ?? this.ofKey(spkiHash)[0]?.commonName ?? commonName
    if (owner !== commonName) {
      throw new GatewayError(
        "csr-refused",
        `the public key was certified for ${owner} and cannot serve ${commonName} too; make a new key in the device`,
      )
    }
    this.#recording.set(spkiHash, { owner, count: (recording?.count ?? 0) + 1 })
  }

  #release({ spkiHash }: IssuedRecord): void {
    const { owner, count } = this.#recording.get(spkiHash)!
    if (count === 1) this.#recording.delete(spkiHash)
    else this.#recording.set(spkiHash, { owner, count: count - 1 })
  }

  /**
   * A certificate was seen in a connection. True when that was its first: it is active from now on, in memory at once,
   * on the disk with the next `flush`.
   */
  activate(serial: string, at: number): boolean {
    if (!this.#pending.has(serial)) return false
    this.#apply(this.#firstConnections.note(serial, at))
    return true
  }

  /** Writes the marks of first connections; to be called once a second. Rejects with `GatewayError("disk-failed")`. */
  flush(): Promise<void> {
    return this.#firstConnections.flush()
  }

  /** Ends a certificate whose successor has made its first connection. Rejects like `revoke`. */
  supersede(serial: string, by: string, at: number): Promise<IssueEntry> {
    return this.#end({ record: "changed", serial, state: "superseded", reason: "superseded", by, at })
  }

  /**
   * Revokes a certificate for good; one that is revoked already stays as it is. Rejects with `GatewayError("not-found")`
   * and `GatewayError("disk-failed")`.
   */
  revoke(serial: string, reason: string, by: string, at: number): Promise<IssueEntry> {
    return this.#end({
      record: "changed",
      serial,
      state: "revoked",
      reason: reason.slice(0, 200) || "unspecified",
      by,
      at,
    })
  }

  /** Told of every certificate that was superseded or revoked, in the same turn. Answers how to stop listening. */
  onEnded(listener: (entry: IssueEntry) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async #end(change: ChangedRecord): Promise<IssueEntry> {
    const known = this.#bySerial.get(change.serial)
    if (known === undefined) {
      throw new GatewayError("not-found", `there is no certificate ${change.serial}; see the list of certificates`)
    }
    if (changedEntry(known, change) === undefined) return known
    await this.#journal.append(changedRecord.parse(change))
    const entry = this.#apply(change)
    if (entry !== undefined) for (const listener of this.#listeners) listener(entry)
    return this.#bySerial.get(change.serial)!
  }

  #add(record: IssuedRecord): IssueEntry {
    if (this.#bySerial.has(record.serial)) {
      throw new GatewayError(
        "document-damaged",
        `the issue log names the serial ${record.serial} twice; restore it from a backup`,
      )
    }
    const entry = entryOf(record)
    this.#bySerial.set(entry.serial, entry)
    listed(this.#byUser, entry.commonName).push(entry.serial)
    listed(this.#byKey, entry.spkiHash).push(entry.serial)
    if (entry.state === "pending") this.#pending.add(entry.serial)
    this.#newestAt = Math.max(this.#newestAt, entry.at)
    return entry
  }

  /** A change of an unknown certificate is passed over: a person may have given up its damaged line. */
  #apply(change: ChangedRecord): IssueEntry | undefined {
    const known = this.#bySerial.get(change.serial)
    const entry = known && changedEntry(known, change)
    if (entry === undefined) return undefined
    this.#bySerial.set(entry.serial, entry)
    this.#pending.delete(entry.serial)
    if (entry.state !== "active") this.#ended++
    return entry
  }
}

function listed(lists: Map<string, string[]>, key: string): string[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}
