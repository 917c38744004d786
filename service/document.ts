/**
 * Ports between the domain and the disk. The domain declares what it needs kept; `store/` keeps it.
 */

/** A whole value kept on the disk. Memory changes only after the disk did. */
export interface Document<T> {
  /** What the disk holds. Treat as immutable. */
  readonly value: T
  /**
   * Replaces the value by `change(current)` and resolves, with the new value, once it is on the disk for good.
   * Changes apply one after another, each to the outcome of the one before; changes that wait may share one write.
   * When `change` throws, this update rejects with that error and counts as never made. When the disk fails, every
   * update of that write rejects with `GatewayError("disk-failed")` and `value` stays what the disk still holds.
   */
  update(change: (current: T) => T): Promise<T>
}

/** An append-only log of small records. */
export interface Journal<T> {
  /** Every record on the disk, oldest first, as read when the journal was opened. Later appends are not added here. */
  readonly records: readonly T[]
  /** Resolves once the record is on the disk for good; rejects with `GatewayError("disk-failed")`. */
  append(record: T): Promise<void>
}
