import type { Journal } from "../document.ts"
import { type ChangedRecord, changedRecord, type IssueRecord } from "./issue-record.ts"

/**
 * Marks of certificates seen for the first time, on their way to the disk. Devices connect by the thousand after a
 * power cut and none waits for the disk: the marks are collected and written by `flush`. A crash may lose the last
 * ones; the devices connect again and are marked again.
 */
export class FirstConnections {
  readonly #journal: Journal<IssueRecord>
  #waiting: ChangedRecord[] = []

  constructor(journal: Journal<IssueRecord>) {
    this.#journal = journal
  }

  note(serial: string, at: number): ChangedRecord {
    const change = { record: "changed", serial, state: "active", reason: "connected", by: "gateway", at }
    const mark = changedRecord.parse(change)
    this.#waiting.push(mark)
    return mark
  }

  /** Writes what waits. Rejects with `GatewayError("disk-failed")`; what could not be written waits on. */
  async flush(): Promise<void> {
    const marks = this.#waiting
    this.#waiting = []
    const written = await Promise.allSettled(marks.map((mark) => this.#journal.append(mark)))
    const failed = written.find((outcome) => outcome.status === "rejected")
    if (failed === undefined) return
    this.#waiting.unshift(...marks.filter((_, i) => written[i]?.status === "rejected"))
    throw failed.reason
  }
}
