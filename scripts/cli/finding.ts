/** What one check of the doctor found. A finding that is not ok says what to do. */
export interface Finding {
  readonly check: string
  readonly level: "ok" | "warn" | "fail"
  readonly text: string
  readonly remedy?: string
}
