import { statSync } from "node:fs"
import { tell } from "./answer.ts"
import { runProgram } from "./program.ts"
import type { Of } from "./request.ts"

/** Its time is when the running version was built: no true time lies before it. */
const EPOCH_FILE = "/usr/lib/clock-epoch"

export async function setClock(id: string, { kind, time }: Of<"set-clock">): Promise<void> {
  const wanted = Date.parse(time)
  const floor = statSync(EPOCH_FILE).mtimeMs
  if (wanted < floor) {
    const message = `${time} lies before this version was built (${new Date(floor).toISOString()}).`
    return tell(id, kind, { state: "refused", code: "clock-invalid", message })
  }
  const { status, errors } = await runProgram("date", ["--utc", `--set=@${wanted / 1000}`])
  if (status !== 0) return tell(id, kind, { state: "failed", code: "clock-invalid", message: errors.trim() })
  tell(id, kind, { state: "done", message: `The clock says ${new Date().toISOString()}.` })
}
