/** Run once at every start: keeps the version that runs once it is healthy, or goes back where it is on trial. */
import { endInterrupted, tell } from "./answer.ts"
import { waitForHealth } from "./health.ts"
import { BOOT_STATE, otherSlot, runningSlot, runningVersion } from "./paths.ts"
import { runProgram } from "./program.ts"
import {
  endTrial,
  keepLastUpdate,
  keepSlot,
  keepTrial,
  loadSlots,
  loadTrial,
  raiseFloor,
  type Trial,
} from "./record.ts"
import { keepDowntime, keepStatus, uptime } from "./status.ts"

/** Since power-on. */
const DEADLINE_SECONDS = 600
/** However late this was started. */
const LEAST_SECONDS = 60

/** The update or roll-back that led here has failed when another slot runs than the one it was for. */
async function settleFailedTrial(trial: Trial): Promise<void> {
  if (!trial.whole) {
    endTrial()
    const message = `Version ${trial.to} was not written to its end. Version ${runningVersion()} is unchanged.`
    return tell(trial.request, trial.kind, { state: "failed", code: "interrupted", message })
  }
  const state = (await runProgram(BOOT_STATE, ["show"])).output
  const left = Number(new RegExp(`^BOOT_${trial.slot}_LEFT=(\\d+)$`, "m").exec(state)?.[1] ?? 0)
  const never = left > 0 ? `its boot image in slot ${trial.slot} is damaged` : "it did not start in three attempts"
  const message = `Version ${trial.to} was given up: ${trial.reason ?? never}. Version ${runningVersion()} is back.`
  await runProgram(BOOT_STATE, ["set-state", trial.slot, "bad"])
  keepLastUpdate({ from: trial.from, to: trial.to, outcome: "fell-back", message, at: new Date().toISOString() })
  tell(trial.request, trial.kind, { state: "failed", code: "fell-back", message })
  endTrial()
  console.log(`gatehouse: ${message}`)
}

async function keepVersion(trial: Trial | undefined): Promise<void> {
  const slot = runningSlot()
  const version = runningVersion()
  await runProgram(BOOT_STATE, ["set-state", slot, "good"])
  keepSlot(slot, { version, proven: true })
  raiseFloor(version)
  keepDowntime()
  if (trial !== undefined) {
    const message = `Version ${version} is healthy and was kept.`
    const outcome = trial.kind === "install" ? "kept" : "rolled-back"
    keepLastUpdate({ from: trial.from, to: version, outcome, message, at: new Date().toISOString() })
    tell(trial.request, trial.kind, { state: "done", message })
    endTrial()
  }
  keepStatus()
  console.log(`gatehouse: version ${version} in slot ${slot} is healthy`)
}

async function goBack(reason: string, trial: Trial | undefined): Promise<void> {
  const slot = runningSlot()
  console.log(`gatehouse: version ${runningVersion()} in slot ${slot} is given up: ${reason}`)
  if (trial !== undefined) keepTrial({ ...trial, reason })
  await runProgram(BOOT_STATE, ["set-state", slot, "bad"])
  await runProgram("systemctl", ["reboot"])
}

const trial = loadTrial()
const here = trial !== undefined && trial.slot === runningSlot()
endInterrupted(trial?.request)
if (trial !== undefined && !here) await settleFailedTrial(trial)
keepStatus()
if (here)
  tell(trial.request, trial.kind, { state: "working", step: "trial", message: `Version ${trial.to} is on trial.` })
const verdict = await waitForHealth(Math.max(LEAST_SECONDS, DEADLINE_SECONDS - uptime()))
if (verdict.healthy) await keepVersion(here ? trial : undefined)
else if (here && loadSlots()[otherSlot(runningSlot())]?.proven === true) await goBack(verdict.reason, trial)
else console.log(`gatehouse: not healthy: ${verdict.reason}; there is nothing better to start`)
