import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { ANSWERS } from "./paths.ts"
import { UNFINISHED, writeWhole } from "./whole-file.ts"

export interface BundleFacts {
  readonly version: string
  readonly notes: string
  readonly compatible: string
  readonly bytes: number
}

export interface Answer {
  readonly state: "working" | "done" | "refused" | "failed"
  /** For a person. */
  readonly message: string
  readonly step?: "checking" | "installing" | "restarting" | "trial" | "waiting-for-confirmation"
  readonly percent?: number
  readonly code?: string
  readonly bundle?: BundleFacts
  /** ISO 8601. */
  readonly confirmBy?: string
}

const FORMAT = "gatehouse-root-answer/1"
const MOST_KEPT = 50

/** Tells the service how its request fares; replaces what was told before. */
export function tell(id: string, kind: string, answer: Answer): void {
  mkdirSync(ANSWERS, { recursive: true })
  const document = { format: FORMAT, id, kind, ...answer, at: new Date().toISOString() }
  writeWhole(join(ANSWERS, `${id}.json`), `${JSON.stringify(document)}\n`)
}

/** Removes all but the latest answers. */
export function pruneAnswers(): void {
  const byAge = readdirSync(ANSWERS)
    .map((name) => ({ name, time: statSync(join(ANSWERS, name)).mtimeMs }))
    .sort((left, right) => right.time - left.time)
  for (const { name } of byAge.slice(MOST_KEPT)) rmSync(join(ANSWERS, name), { force: true })
}

/** Requests that were being worked on when the power went: those of `except` are still under way. */
export function endInterrupted(except: string | undefined): void {
  for (const name of readdirSync(ANSWERS)) {
    if (name.endsWith(UNFINISHED)) {
      rmSync(join(ANSWERS, name), { force: true })
      continue
    }
    const { id, kind, state } = JSON.parse(readFileSync(join(ANSWERS, name), "utf8"))
    if (state !== "working" || id === except) continue
    const restarts = kind === "restart" || kind === "factory-reset"
    tell(
      id,
      kind,
      restarts
        ? { state: "done", message: "The box has started again." }
        : { state: "failed", code: "interrupted", message: "The box was restarted before this was done. Ask again." },
    )
  }
}
