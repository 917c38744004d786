import { statfsSync } from "node:fs"
import { type Answer, type BundleFacts, tell } from "./answer.ts"
import { emptyIncoming, isRefusal, judgeBundle, lookAtBundle, takeBundle } from "./bundle.ts"
import { BOOT_STATE, compatibleWord, otherSlot, runningSlot, runningVersion } from "./paths.ts"
import { followProgram, runProgram } from "./program.ts"
import { endTrial, forgetSlot, keepSlot, keepTrial, loadSlots, type Trial, versionFloor } from "./record.ts"
import type { Of } from "./request.ts"

/** Judges an uploaded bundle and tells what is in it. */
export async function check(id: string, request: Of<"check">): Promise<void> {
  const found = await judged(id, request, lookAtBundle)
  emptyIncoming()
  if (found === undefined) return
  const { bundle } = found
  tell(id, request.kind, { state: "done", message: `Version ${bundle.version} can be installed.`, bundle })
}

/** Judges a bundle, writes it into the other slot and restarts into it. The running slot is not touched. */
export async function install(id: string, request: Of<"install">): Promise<void> {
  const found = await judged(id, request, takeBundle)
  if (found === undefined) return emptyIncoming()
  const { path, bundle } = found
  const slot = otherSlot(runningSlot())
  const say = (answer: Omit<Answer, "state" | "bundle">) =>
    tell(id, request.kind, { state: "working", bundle, ...answer })
  const message = `Writing version ${bundle.version} to slot ${slot}.`
  say({ step: "installing", percent: 0, message })
  // what lay there is gone from the first byte on; RAUC makes the slot the first to start as its last step
  forgetSlot(slot)
  const trial = { request: id, kind: request.kind, from: runningVersion(), to: bundle.version, slot }
  keepTrial({ ...trial, whole: false })
  const { status, output } = await followProgram("rauc", ["install", path], (line) => {
    const percent = /^\s*(\d{1,3})%/.exec(line)?.[1]
    if (percent !== undefined) say({ step: "installing", percent: Number(percent), message })
  })
  emptyIncoming()
  if (status !== 0) {
    endTrial()
    return tell(id, request.kind, { state: "failed", bundle, ...failure(output) })
  }
  keepSlot(slot, { version: bundle.version, proven: false })
  await restartInto({ ...trial, whole: true })
}

/** Restarts into the other slot, where a version lies that was healthy once. */
export async function rollBack(id: string, request: Of<"roll-back">): Promise<void> {
  const slot = otherSlot(runningSlot())
  const record = loadSlots()[slot]
  if (record?.proven !== true) {
    const message = "There is no version to go back to: the other slot holds nothing that was in service."
    return tell(id, request.kind, { state: "refused", code: "no-roll-back", message })
  }
  await runProgram(BOOT_STATE, ["set-primary", slot])
  const [from, to] = [runningVersion(), record.version]
  await restartInto({ request: id, kind: request.kind, from, to, slot, whole: true })
}

/** Tells the refusal where there is one. */
async function judged(
  id: string,
  { kind, bundle: name, bytes }: Of<"check"> | Of<"install">,
  bring: typeof takeBundle,
): Promise<{ readonly path: string; readonly bundle: BundleFacts } | undefined> {
  const message = "Checking the bundle's signature and content."
  const say = (percent: number) => tell(id, kind, { state: "working", step: "checking", percent, message })
  say(0)
  const path = bring(name)
  if (typeof path !== "string") return void tell(id, kind, { state: "refused", ...path })
  const expected = { announced: bytes, compatible: compatibleWord(), floor: versionFloor(), onProgress: say }
  const bundle = await judgeBundle(path, expected)
  if (!isRefusal(bundle)) return { path, bundle }
  tell(id, kind, { state: "refused", ...bundle })
}

async function restartInto(trial: Trial): Promise<void> {
  keepTrial(trial)
  const message = `Starting version ${trial.to}. If it does not become healthy, ${trial.from} comes back by itself.`
  tell(trial.request, trial.kind, { state: "working", step: "restarting", message })
  await runProgram("systemctl", ["reboot"])
}

function failure(output: string): { code: string; message: string } {
  const free = statfsSync("/var")
  if (free.bavail * free.bsize < 8 * 1024 * 1024) {
    return { code: "no-space", message: "The box has no space left for the update." }
  }
  const last = output.trim().split("\n").at(-1) ?? ""
  return { code: "install-failed", message: `The new version could not be written: ${last}` }
}
