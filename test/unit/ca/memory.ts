import { Authority } from "../../../service/ca/authority.ts"
import { type AuthorityMaterial, createAuthority } from "../../../service/ca/authority-material.ts"
import { IssueLog, type IssueRecord, issueRecord } from "../../../service/ca/issue-log.ts"
import type { IssuedRecord } from "../../../service/ca/issue-record.ts"
import { NEVER } from "../../../service/ca/validity.ts"
import type { Clock } from "../../../service/clock.ts"
import type { Document, Journal } from "../../../service/document.ts"
import { GatewayError } from "../../../service/errors.ts"

export const NOW = Date.UTC(2026, 10, 23, 12)

/** A clock that a test sets. */
export class TestClock implements Clock {
  date = NOW
  running = 0
  now(): number {
    return this.date
  }
  elapsed(): number {
    return this.running
  }
  /** Both hands move. */
  pass(milliseconds: number): void {
    this.date += milliseconds
    this.running += milliseconds
  }
}

/** A disk that can be made to fail, and whose writes take a turn of the event loop as real ones do. */
export class MemoryJournal implements Journal<IssueRecord> {
  readonly records: IssueRecord[] = []
  readonly lines: string[] = []
  broken = false

  async append(record: IssueRecord): Promise<void> {
    await new Promise(setImmediate)
    if (this.broken) throw new GatewayError("disk-failed", "the disk is broken")
    this.lines.push(JSON.stringify(record))
  }

  /** What a restart would read. */
  reopened(): MemoryJournal {
    const journal = new MemoryJournal()
    journal.lines.push(...this.lines)
    journal.records.push(...this.lines.map((line) => issueRecord.parse(JSON.parse(line))))
    return journal
  }
}

export class MemoryDocument<T> implements Document<T> {
  value: T
  broken = false
  writes = 0

  constructor(value: T) {
    this.value = value
  }

  async update(change: (current: T) => T): Promise<T> {
    await new Promise(setImmediate)
    const next = change(this.value)
    if (this.broken) throw new GatewayError("disk-failed", "the disk is broken")
    this.writes++
    this.value = next
    return next
  }
}

export interface World {
  readonly material: AuthorityMaterial
  readonly clock: TestClock
  readonly journal: MemoryJournal
  readonly log: IssueLog
  readonly authority: Authority
}

/** An authority with everything it needs, in memory; `records` are what its log holds already. */
export function world(
  material: AuthorityMaterial = createAuthority("Plant 7"),
  records: readonly IssueRecord[] = [],
): World {
  const clock = new TestClock()
  const journal = new MemoryJournal()
  journal.records.push(...records)
  const log = new IssueLog(journal)
  return { material, clock, journal, log, authority: new Authority({ ...material, site: "Plant 7", log, clock }) }
}

/** A line of the log about a device's certificate, told apart by `n`. */
export function issuedLine(n: number, changed: Partial<IssuedRecord> = {}): IssuedRecord {
  const hash = n.toString(16).padStart(64, "0")
  return {
    record: "issued",
    serial: `4${hash.slice(-31)}`,
    sha256: hash,
    spkiHash: hash,
    commonName: `device-${n}`,
    keyOrigin: "device",
    kind: "device",
    notAfter: NEVER,
    by: "test",
    through: "test",
    at: NOW,
    authority: "0".repeat(40),
    ...changed,
  }
}
